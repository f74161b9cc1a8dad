import {expect, it} from 'vitest';
import {createManualClock} from '../../kit/testing/manual-clock.ts';
import {createEjections} from './ejections.ts';

const NODES = ['a', 'b', 'c'];

it('keeps away from a node after three failures in a row, for longer each time that its trial fails', () => {
  const {clock, ejections, said} = create();
  for (const outcome of ['failed', 'failed', 'ok', 'failed', 'failed'] as const) ejections.begin('a')(outcome);
  expect(ejections.order(NODES, true)).toEqual(NODES);
  ejections.begin('a')('failed');
  expect(ejections.order(NODES, true)).toEqual(['b', 'c', 'a']);
  clock.advance(1_000);
  expect(ejections.order(NODES, true)).toEqual(NODES);
  ejections.begin('a')('failed');
  clock.advance(1_999);
  expect(ejections.order(NODES, true)).toEqual(['b', 'c', 'a']);
  clock.advance(1);
  expect(ejections.order(NODES, true)).toEqual(NODES);
  expect(said).toEqual(['a 1000', 'a 2000']);
});

it('keeps away at once from a node that cannot be reached', () => {
  const {ejections} = create();
  ejections.begin('b')('unsent');
  expect(ejections.order(NODES, true)).toEqual(['a', 'c', 'b']);
});

it('tries a node with one request at a time, and with none that must not be risked', () => {
  const {clock, ejections} = create();
  ejections.begin('a')('unsent');
  clock.advance(1_000);
  expect(ejections.order(NODES, false)).toEqual(['b', 'c', 'a']);
  const tell = ejections.begin('a');
  expect(ejections.order(NODES, true)).toEqual(['b', 'c', 'a']);
  tell('ok');
  expect([ejections.order(NODES, true), ejections.order(NODES, false)]).toEqual([NODES, NODES]);
});

it('tries again soon when a trial came to nothing, and when nobody tells what came of it', () => {
  const {clock, ejections} = create();
  ejections.begin('a')('unsent');
  clock.advance(1_000);
  ejections.begin('a')('unclear');
  expect(ejections.order(NODES, true)).toEqual(NODES);
  ejections.begin('a');
  clock.advance(5_000);
  expect(ejections.order(NODES, true)).toEqual(NODES);
});

it('does not hold against a node what had been begun before it was ejected', () => {
  const {clock, ejections, said} = create();
  const tells = Array.from({length: 20}, () => ejections.begin('a'));
  for (const tell of tells) tell('failed');
  expect(said).toEqual(['a 1000']);
  clock.advance(1_000);
  expect(ejections.order(NODES, true)).toEqual(NODES);
});

it('keeps away from nobody when more than half of the nodes fail', () => {
  const {ejections} = create();
  ejections.begin('a')('unsent');
  ejections.begin('c')('unsent');
  expect(ejections.order(NODES, true)).toEqual(NODES);
  expect(ejections.order(['a'], false)).toEqual(['a']);
});

function create() {
  const clock = createManualClock();
  const said: string[] = [];
  return {clock, said, ejections: createEjections(clock, (node, forMs) => said.push(`${node} ${forMs}`))};
}
