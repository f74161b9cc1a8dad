import type {Clock} from '../kit/clock.ts';
import type {Logger} from '../kit/logger.ts';

const SWEEP_EVERY_MS = 300_000;

/** Removes what nobody will ask for again, now and then, until it is stopped. */
export function createSweeper({
  clock,
  log,
  sweeps,
}: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly sweeps: readonly (() => Promise<void>)[];
}): {start(): void; stop(): Promise<void>} {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      for (const sweep of sweeps) {
        await sweep().catch(error =>
          log.warn({err: error}, 'what is out of date could not be removed; it is tried again'),
        );
      }
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
