import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {LatencySummary, Operation} from '../../load/load.ts';
import type {LabSystem} from '../system.ts';

/** The link of the lab's own that nothing ever disturbs. */
export const CONTROL_LINK = 'lab->echo';
const EVERY_MS = 50;
const PATIENCE_MS = 5_000;
const LONGEST_PHASE_MS = 180_000;
/** Below this a 99th percentile says nothing about the machine: a single collection of garbage reaches it. */
const CALM_MS = 25;
/** Above this it was busy, however slow it is. At 39 ms a reference was seen to be too late, and beside a second run phases come to 40; alone on two cores, to 5 or 10. */
const BUSY_MS = 30;

/** The control stream: how long an answer takes that depends on nothing but the machine. */
export interface ControlStream {
  /** Starts the stream of one phase. */
  during(phase: string): Promise<{
    /** Its latency so far. */
    now(): Promise<LatencySummary>;
    stop(): Promise<LatencySummary>;
  }>;
  close(): Promise<void>;
}

/** Opens the link to the driver's own echo. One load a phase runs over it, 20 requests a second. */
export async function openControlStream(system: LabSystem, folder: string): Promise<ControlStream> {
  const upstream = await system.load.echo();
  const [proxy] = await system.fabric.open([
    {name: CONTROL_LINK, link: CONTROL_LINK, from: 'lab', to: 'echo', protocol: 'http', upstream},
  ]);
  if (proxy === undefined) throw new LabError('INTERNAL', `The fabric opened no listener for ${CONTROL_LINK}.`);
  const target = `http://${proxy.address.host}:${proxy.address.port}`;
  return {
    async during(phase) {
      const run = await system.load.start(
        {name: 'control', operations: controlOperations(phase), targets: [target]},
        {ledgerFile: join(folder, `control-${phase}.jsonl`), phase},
      );
      return {
        now: async () => (await run.summary()).latencyMs,
        async stop() {
          await run.stop();
          return (await run.done).latencyMs;
        },
      };
    },
    close: () => system.fabric.close([CONTROL_LINK]),
  };
}

/**
 * Whether the machine was busy: a phase's p99 above three times the baseline's and above 25 ms. A machine that was busy in the baseline
 * already must not raise the bound for what follows: above 30 ms, in whatever phase, it counts as busy.
 */
export function wasBusy(baseline: LatencySummary, phases: readonly LatencySummary[]): boolean {
  const bound = Math.min(Math.max(3 * baseline.p99, CALM_MS), BUSY_MS);
  return [baseline, ...phases].some(phase => phase.p99 > bound);
}

function controlOperations(phase: string): Operation[] {
  return Array.from({length: LONGEST_PHASE_MS / EVERY_MS}, (_, index) => ({
    id: `control-${phase}-${index}`,
    name: 'control',
    atMs: index * EVERY_MS,
    request: {method: 'GET', path: '/'},
    patienceMs: PATIENCE_MS,
  }));
}
