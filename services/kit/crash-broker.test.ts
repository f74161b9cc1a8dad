import {expect, it} from 'vitest';
import type {Broker} from './broker.ts';
import type {Handle} from './broker-parts/consume.ts';
import {withCrashPoints} from './crash-broker.ts';
import {createCrashPoints} from './crash-points.ts';
import type {ControlReport} from './environment.ts';

it('comes past the points of publishing, before and after', async () => {
  const steps: string[] = [];
  const broker = withCrashPoints(recording(steps), {hit: point => void steps.push(point)});
  await broker.publish('events', []);
  expect(steps).toEqual(['before_publish', 'publish', 'after_publish']);
});

it.each([
  ['ack', ['handle', 'before_ack']],
  ['nak', ['handle']],
] as const)('comes past the point of acknowledging for %s: %o', async (settle, expected) => {
  const steps: string[] = [];
  const broker = withCrashPoints(recording(steps), {hit: point => void steps.push(point)});
  await broker.consume({stream: 'events', group: 'g', member: 'm'}, async () => {
    steps.push('handle');
    return [{settle}];
  });
  expect(steps).toEqual(expected);
});

it('dies at an armed point once it was skipped as often as told, and reports it before', () => {
  const reports: ControlReport[] = [];
  const points = createCrashPoints({report: report => void reports.push(report)}, () => {
    throw new Error('dead');
  });
  points.arm('before_ack', 2);
  points.hit('before_ack');
  points.hit('before_commit');
  points.hit('before_ack');
  expect(() => points.hit('before_ack')).toThrow('dead');
  expect(reports).toMatchObject([
    {type: 'armed', point: 'before_ack'},
    {type: 'crash-point', point: 'before_ack', at: expect.any(Number)},
  ]);
});

function recording(steps: string[]): Broker {
  const none = (): Promise<never> => Promise.reject(new Error('not used'));
  return {
    ensureStream: none,
    read: none,
    lag: none,
    deadLetters: none,
    redrive: none,
    seek: none,
    close: none,
    publish: async () => void steps.push('publish'),
    async consume(_options, handle: Handle) {
      await handle([], {extend: async () => true});
      return {stop: () => Promise.resolve()};
    },
  };
}
