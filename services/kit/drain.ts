import type {Logger} from './logger.ts';
import type {App} from './server.ts';

export interface DrainOptions {
  readonly app: App;
  readonly log: Logger;
  /** Run one after the other once the last request is answered. */
  readonly onStop: readonly (() => Promise<void>)[];
}

/** Requests under way have this long to finish; then their connections are cut. */
const REQUESTS_WITHIN_MS = 3_500;
const DRAIN_WITHIN_MS = 4_800;

/** Stops listening, finishes what is under way and runs the hooks. Returns within five seconds, whatever they do. */
export async function drain({app, log, onStop}: DrainOptions): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), REQUESTS_WITHIN_MS);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(() => {
      log.warn({}, 'draining took too long');
      resolve();
    }, DRAIN_WITHIN_MS);
  });
  await Promise.race([finish(), late]);
  clearTimeout(timer);

  async function finish(): Promise<void> {
    await app.close();
    clearTimeout(cut);
    for (const work of onStop) {
      await work().catch(error => log.error({err: error}, 'a stop hook failed'));
    }
  }
}
