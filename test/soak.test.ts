import {describe, expect, it} from 'vitest';
import {requireTool} from './support/require.ts';
import {describeSoak, soak} from './support/soak/main.ts';

const FOR_MS = 60_000;
/** A soak of a minute needs a start, the minute, and to come to rest. */
const BOUND_MS = 300_000;

describe('a minute of random faults on the whole system', () => {
  it.for(['postgres', 'nats'] as const)(
    'loses nothing, does nothing twice, and leaves nothing half done, on %s',
    {timeout: BOUND_MS},
    async (broker, context) => {
      if (broker === 'nats') requireTool(context, 'nats-server');
      const seed = Math.floor(Math.random() * 2 ** 31);
      const report = await soak({seed, forMs: FOR_MS, broker});
      expect(report.held, describeSoak(report)).toBe(true);
    },
  );
});
