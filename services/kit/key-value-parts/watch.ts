import type {Clock} from '../clock.ts';
import type {Change, Watch} from '../key-value.ts';
import type {Logger} from '../logger.ts';
import {createWake} from '../wake.ts';

/** Hints may get lost; this poll may not. */
const POLL_EVERY_MS = 500;
const AFTER_ERROR_MS = 250;

export interface ChangeSource {
  /** Changes after a revision, in order, and the space's last revision; a last one below it means that the space was emptied. */
  changesAfter(revision: number): Promise<{readonly last: number; readonly changes: readonly Change[]}>;
  /** Calls `wake` when something may have changed; returns what ends that. */
  onHint(wake: () => void): () => void;
}

/** Reads on from where it is, until it is stopped, whatever goes wrong meanwhile. */
export function startWatch(
  {source, clock, log}: {readonly source: ChangeSource; readonly clock: Clock; readonly log: Logger},
  prefix: string,
  listener: (change: Change) => void,
): Watch {
  const stopping = new AbortController();
  const wake = createWake(clock);
  const endHints = source.onHint(wake.wake);
  const done = run();

  async function run(): Promise<void> {
    let seen = 0;
    while (!stopping.signal.aborted) {
      try {
        const {last, changes} = await source.changesAfter(seen);
        if (last < seen) {
          seen = 0;
          continue;
        }
        for (const change of changes) if (!stopping.signal.aborted) tell(change);
        seen = Math.max(seen, changes.at(-1)?.revision ?? 0);
        await wake.wait(POLL_EVERY_MS, stopping.signal);
      } catch (error) {
        log.debug({err: error}, 'looking for changes failed; trying again');
        await clock.sleep(AFTER_ERROR_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  function tell(change: Change): void {
    if (!change.key.startsWith(prefix)) return;
    try {
      listener(change);
    } catch (error) {
      log.error({err: error, key: change.key}, 'a watcher failed');
    }
  }

  return {
    async stop() {
      stopping.abort();
      endHints();
      await done;
    },
  };
}
