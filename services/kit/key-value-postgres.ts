import {createHints} from './broker-postgres/listen.ts';
import {createSession} from './broker-postgres/session.ts';
import type {Row} from './database.ts';
import type {Change, KeyValue, Watch} from './key-value.ts';
import {byKey, checkKey} from './key-value-parts/check-key.ts';
import {type ChangeSource, startWatch} from './key-value-parts/watch.ts';
import type {KeyValueOptions} from './open-key-value.ts';

interface EntryRow extends Row {
  readonly key: string;
  readonly value: unknown;
  /** A bigint, which pg gives as text. */
  readonly revision: string;
  readonly deleted: boolean;
}

/** A space on the broker's Postgres. Writes of a space are ordered by a lock, so that a watcher who sees a revision has seen all below it. */
export function createPostgresKeyValue({space, ...options}: KeyValueOptions): KeyValue {
  const session = createSession(options);
  const hints = createHints(options);
  const watches = new Set<Watch>();

  /** `expected`: null for whatever is there, 0 for nothing. */
  async function write(
    key: string,
    value: unknown,
    deleted: boolean,
    expected: number | null,
  ): Promise<number | undefined> {
    checkKey(key);
    const json = JSON.stringify(value) ?? 'null';
    const rows = await session.queryOnce<{revision: string | null}>(
      'select broker.put_entry($1, $2, $3, $4, $5) as revision',
      [space, key, json, deleted, expected],
    );
    const revision = rows[0]?.revision ?? null;
    return revision === null ? undefined : Number(revision);
  }

  const source: ChangeSource = {
    async changesAfter(revision) {
      const [head] = await session.query<{head: string}>('select head from broker.spaces where name = $1', [space]);
      const rows = await session.query<EntryRow>(
        'select key, value, revision, deleted from broker.entries where space = $1 and revision > $2 order by revision',
        [space, revision],
      );
      return {last: Number(head?.head ?? 0), changes: rows.map(toChange)};
    },
    onHint: wake => hints.on(`space/${space}`, wake),
  };

  return {
    async get(key) {
      checkKey(key);
      const rows = await session.query<EntryRow>(
        'select key, value, revision from broker.entries where space = $1 and key = $2 and not deleted',
        [space, key],
      );
      return rows.map(({value, revision}) => ({key, value, revision: Number(revision)}))[0];
    },
    async put(key, value) {
      const revision = await write(key, value, false, null);
      if (revision === undefined) throw new Error('The space did not take a value.');
      return revision;
    },
    create: (key, value) => write(key, value, false, 0),
    compareAndSet: (key, value, revision) => write(key, value, false, revision),
    delete: async (key, revision) => (await write(key, null, true, revision ?? null)) !== undefined,
    async keys(prefix = '') {
      const rows = await session.query<{key: string}>(
        'select key from broker.entries where space = $1 and starts_with(key, $2) and not deleted',
        [space, prefix],
      );
      return rows.map(({key}) => key).sort();
    },
    async entries(prefix = '') {
      const rows = await session.query<EntryRow>(
        'select key, value, revision from broker.entries where space = $1 and starts_with(key, $2) and not deleted',
        [space, prefix],
      );
      return rows.map(({key, value, revision}) => ({key, value, revision: Number(revision)})).sort(byKey);
    },
    watch(prefix, listener) {
      const watch = startWatch({...options, source}, prefix, listener);
      watches.add(watch);
      return watch;
    },
    async close() {
      await Promise.all([...watches].map(watch => watch.stop()));
      await hints.close();
      await session.close();
    },
  };
}

function toChange({key, value, revision, deleted}: EntryRow): Change {
  return deleted ? {key, deleted, revision: Number(revision)} : {key, value, revision: Number(revision)};
}
