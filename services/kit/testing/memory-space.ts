import type {Entry, KeyValue} from '../key-value.ts';
import {byKey} from '../key-value-parts/check-key.ts';
import {UnavailableError} from '../unavailable.ts';

/** A space in memory, for tests of what uses one: several may share it, and it can be away or silent. */
export interface MemorySpace extends Omit<KeyValue, 'watch' | 'close'> {
  /** `away`: every call is refused; `silent`: no call is answered. */
  state: 'there' | 'away' | 'silent';
  /** Writes and tries to write, so far. */
  writes: number;
}

export function createMemorySpace(): MemorySpace {
  const entries = new Map<string, Entry>();
  let revisions = 0;
  const space: MemorySpace = {
    state: 'there',
    writes: 0,
    // Copies: what somebody does to an entry is not done to the space.
    get: key => answer(() => structuredClone(entries.get(key))),
    put: (key, value) => answer(() => write(key, value)),
    create: (key, value) => answer(() => (entries.has(key) ? miss() : write(key, value))),
    compareAndSet: (key, value, revision) =>
      answer(() => (entries.get(key)?.revision === revision ? write(key, value) : miss())),
    delete: (key, revision) =>
      answer(() => (revision === undefined || entries.get(key)?.revision === revision) && entries.delete(key)),
    keys: (prefix = '') => answer(() => [...entries.keys()].filter(key => key.startsWith(prefix)).sort()),
    entries: (prefix = '') =>
      answer(() => structuredClone([...entries.values()].filter(({key}) => key.startsWith(prefix)).sort(byKey))),
  };

  async function answer<T>(work: () => T): Promise<T> {
    // As over a network: others may come in between.
    await new Promise(resolve => setImmediate(resolve));
    if (space.state === 'away') throw new UnavailableError('The space is away.');
    if (space.state === 'silent') return new Promise(() => undefined);
    return work();
  }

  function write(key: string, value: unknown): number {
    space.writes += 1;
    revisions += 1;
    entries.set(key, {key, value: JSON.parse(JSON.stringify(value)) as unknown, revision: revisions});
    return revisions;
  }

  function miss(): undefined {
    space.writes += 1;
    return undefined;
  }

  return space;
}
