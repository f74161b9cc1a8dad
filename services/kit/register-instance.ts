import type {Clock} from './clock.ts';
import type {KeyValue} from './key-value.ts';
import type {Logger} from './logger.ts';
import {type Instance, instanceKey, readInstance} from './registry.ts';

const TTL_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** After a renewal that failed. */
const AGAIN_AFTER_MS = 500;

export interface RegisterOptions {
  readonly service: string;
  readonly node: string;
  /** Which release of the service it is; empty: nobody tells them apart. */
  readonly release?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An instance that is registered, or tries to be. */
export interface RegisteredInstance {
  /** Takes it out of the registry, so that it gets no further requests. Never rejects. */
  end(): Promise<void>;
}

/**
 * Keeps an instance registered from now on. A registry that is away harms nobody: it is tried again, and callers go on with what they know.
 * The entry is only overwritten by compare-and-set, so that what an operator has written stays.
 */
export function registerInstance(
  space: Pick<KeyValue, 'get' | 'create' | 'compareAndSet' | 'delete'>,
  {service, node, release = '', clock, log}: RegisterOptions,
): RegisteredInstance {
  const ending = new AbortController();
  const key = instanceKey(service, node);
  const own: Instance = {node, ttlMs: TTL_MS, ...(release === '' ? {} : {release})};
  /** Of the last own entry, where nobody is known to have replaced it. */
  let revision: number | undefined;
  let told: 'in' | 'out' | 'away' | undefined;
  const renewing = renewForEver();

  async function renewForEver(): Promise<void> {
    while (!ending.signal.aborted) {
      let waitMs = RENEW_EVERY_MS;
      try {
        say(await renew());
      } catch (error) {
        revision = undefined;
        waitMs = AGAIN_AFTER_MS;
        say('away', error);
      }
      await clock.sleep(waitMs, ending.signal).catch(() => undefined);
    }
  }

  async function renew(): Promise<'in' | 'out'> {
    if (revision !== undefined) {
      revision = await space.compareAndSet(key, own, revision);
      if (revision !== undefined) return 'in';
    }
    const entry = await space.get(key);
    if (readInstance(entry?.value)?.out === true) return 'out';
    revision = await (entry === undefined ? space.create(key, own) : space.compareAndSet(key, own, entry.revision));
    if (revision === undefined) throw new Error(`${key} is changed by others.`);
    return 'in';
  }

  function say(state: 'in' | 'out' | 'away', error?: unknown): void {
    if (state === told) return;
    // To begin with the registry comes up beside it.
    const level = told === undefined ? 'info' : 'warn';
    told = state;
    if (state === 'in') log.info({key}, 'registered');
    else if (state === 'out') log.warn({key}, 'taken out of service by its entry in the registry');
    else log[level]({reason: String(error)}, 'the registry cannot be reached; trying again');
  }

  async function end(): Promise<void> {
    ending.abort();
    await renewing;
    if (revision !== undefined) await space.delete(key, revision).catch(() => undefined);
  }

  let ended: Promise<void> | undefined;
  return {
    end() {
      ended ??= end();
      return ended;
    },
  };
}
