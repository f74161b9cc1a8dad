import {setMaxListeners} from 'node:events';
import pg from 'pg';
import type {Clock} from '../clock.ts';
import type {Logger} from '../logger.ts';
import {CONNECTION} from './session.ts';

const RECONNECT_AFTER_MS = 500;
/** A connection that lost its other end just goes silent, so it is asked from time to time. */
const PROBE_EVERY_MS = 5_000;

/** Tells consumers that something was published. It is a hint: it may be late, come for nothing, or not come at all. */
export interface Hints {
  /** Calls `wake` for each hint for the stream; returns what ends that. */
  on(stream: string, wake: () => void): () => void;
  close(): Promise<void>;
}

/** One connection for all consumers of a process, open while there are any. */
export function createHints({
  url,
  clock,
  log,
}: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Hints {
  const wakes = new Map<() => void, string>();
  let listening: {readonly stop: AbortController; readonly done: Promise<void>} | undefined;

  async function listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = new pg.Client({...CONNECTION, connectionString: url});
      const broken = new AbortController();
      client.on('error', error => broken.abort(error));
      client.on('end', () => broken.abort());
      client.on('notification', ({payload}) => {
        for (const [wake, stream] of wakes) if (stream === payload) wake();
      });
      try {
        await client.connect();
        await client.query('listen broker');
        // Something may have been published while nobody listened.
        for (const wake of wakes.keys()) wake();
        const over = AbortSignal.any([signal, broken.signal]);
        while (!over.aborted) {
          await clock.sleep(PROBE_EVERY_MS, over).catch(() => undefined);
          if (!over.aborted) await client.query('select 1');
        }
      } catch (error) {
        log.debug({err: error}, 'the connection for hints from the broker failed');
      }
      // Not awaited: through a blackholed link the end of a connection never comes.
      client.end().catch(() => undefined);
      await clock.sleep(RECONNECT_AFTER_MS, signal).catch(() => undefined);
    }
  }

  async function stop(): Promise<void> {
    listening?.stop.abort();
    const done = listening?.done;
    listening = undefined;
    await done;
  }

  return {
    on(stream, wake) {
      wakes.set(wake, stream);
      if (listening === undefined) {
        const stop = new AbortController();
        setMaxListeners(0, stop.signal);
        listening = {stop, done: listen(stop.signal)};
      }
      return () => {
        wakes.delete(wake);
        if (wakes.size === 0) void stop();
      };
    },
    close: stop,
  };
}
