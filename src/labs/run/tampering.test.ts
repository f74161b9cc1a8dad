import {describe, expect, it} from 'vitest';
import type {FaultRecord} from '../../faults/fault.ts';
import type {NodeEvent} from '../system.ts';
import {tampering} from './tampering.ts';

const OWN = 'lab p0-00-first-break';
const event = (node: string, type: NodeEvent['type'], detail = ''): NodeEvent => ({at: 1_000, node, type, detail});
const fault = (change: Partial<FaultRecord>): FaultRecord => ({
  id: 'f-1',
  kind: 'crash',
  target: 'stream-1',
  attributes: {},
  seed: 1,
  reason: OWN,
  proxies: [],
  nodes: ['stream-1'],
  undo: 'start',
  state: 'ended',
  plannedAt: 1_000,
  endsAt: 2_000,
  endedAt: 2_000,
  ...change,
});
const seen = (events: readonly NodeEvent[], faults: readonly FaultRecord[] = []): readonly string[] =>
  tampering({reason: OWN, since: 500, events, faults, suspects: ['gateway-1']});

describe('what was done to a run from outside', () => {
  it.each([
    event('stream-1', 'ran-while-paused', 'somebody else has sent it SIGCONT'),
    event('gateway-1', 'tampering', 'process.kill'),
    event('stream-1', 'exited', 'ended by SIGKILL'),
    event('gateway-1', 'exited', 'ended by SIGTERM'),
    event('stream-1', 'exited', 'ended by SIGABRT'),
    event('identity-db', 'exited', 'exited with code 0'),
    event('stream-1', 'exited', 'exited with code 137'),
  ])('is told: $node $type $detail', told => {
    expect(seen([told])).toEqual([expect.stringContaining(told.node)]);
  });

  it.each([
    ...['killed', 'stopped', 'killed at before_commit'].map(detail => event('stream-1', 'exited', detail)),
    ...['exited with code 1', 'exited with code 0', 'ended by SIGABRT'].map(how => event('gateway-1', 'exited', how)),
    event('gateway-1', 'exit-called', 'process.exit(0)'),
    event('stream-1', 'paused', 'SIGSTOP'),
  ])('is not what the lab has ordered, or the code under test has come to by itself: $node $type $detail', own => {
    expect(seen([own])).toEqual([]);
  });

  it('is a fault of somebody else, as far as it reaches into the run', () => {
    expect(seen([], [fault({}), fault({reason: 'chaos', endedAt: 400})])).toEqual([]);
    const {endedAt: _, ...open} = fault({reason: 'chaos'});
    for (const foreign of [fault({reason: 'chaos'}), {...open, plannedAt: 100}])
      expect(seen([], [foreign])).toEqual(['crash on stream-1 was injected by somebody else (chaos)']);
  });
});
