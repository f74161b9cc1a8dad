import {createHints, giveHint} from './broker-nats/hints.ts';
import {expectLast, publishIf} from './broker-nats/publish.ts';
import {listSubjects, mapAll} from './broker-nats/records.ts';
import {createSession, type Link} from './broker-nats/session.ts';
import type {Change, KeyValue, Watch} from './key-value.ts';
import {bucketOf, createBucket} from './key-value-nats/bucket.ts';
import {byKey, checkKey} from './key-value-parts/check-key.ts';
import {type ChangeSource, startWatch} from './key-value-parts/watch.ts';
import type {KeyValueOptions} from './open-key-value.ts';

/** A watcher that is no more writes behind looks at each of them, else at the keys. */
const STEPS_MAX = 250;
/** How a bucket says that a key was deleted, so that its revisions go on. */
const OPERATION = 'KV-Operation';
const TRIES_MAX = 20;

/** What is on a key's subject: a value, the mark of a deletion, or nothing (revision 0). */
interface Last {
  readonly revision: number;
  readonly value?: {readonly json: unknown};
}

/** A space as a key-value bucket of NATS. */
export function createNatsKeyValue({space, ...options}: KeyValueOptions): KeyValue {
  const session = createSession(options);
  const hints = createHints(session);
  const bucket = bucketOf(space);
  const watches = new Set<Watch>();
  let made: Promise<void> | undefined;

  /** The bucket is made before it is first used, and again after an error: nobody answers for one that is not there any more. */
  async function use<T>(work: (link: Link) => Promise<T>): Promise<T> {
    try {
      made ??= createBucket(session, space);
      await made;
      return await session.use(bucket.stream, work);
    } catch (error) {
      made = undefined;
      throw error;
    }
  }

  async function last({jsm}: Link, key: string): Promise<Last> {
    const found = await jsm.direct.getMessage(bucket.stream, {last_by_subj: bucket.subject(key)});
    if (found === null) return {revision: 0};
    const isDeleted = found.header.get(OPERATION) !== '';
    return {revision: found.seq, ...(isDeleted ? {} : {value: {json: found.json()}})};
  }

  async function look({jsm}: Link, query: {seq: number} | {last_by_subj: string}): Promise<readonly Change[]> {
    const found = await jsm.direct.getMessage(bucket.stream, query);
    if (found === null) return [];
    const [key, revision] = [bucket.key(found.subject), found.seq];
    if (found.header.get(OPERATION) !== '') return [{key, deleted: true, revision}];
    return [{key, value: found.json(), revision}];
  }

  async function write(link: Link, key: string, value: unknown, lastSeq: number): Promise<number | undefined> {
    const payload = Buffer.from(JSON.stringify(value) ?? 'null');
    const revision = await publishIf(link.nc, bucket.subject(key), payload, lastSeq);
    if (revision !== undefined) giveHint(link, bucket.hint, 'messages');
    return revision;
  }

  const source: ChangeSource = {
    changesAfter: revision =>
      use(async link => {
        const {state} = await link.jsm.streams.info(bucket.stream);
        const seqs =
          state.last_seq - revision <= STEPS_MAX
            ? Array.from({length: Math.max(0, state.last_seq - revision)}, (_, n) => revision + 1 + n)
            : undefined;
        // A number that has no message any more belongs to a value that was replaced.
        const found = await (seqs === undefined
          ? mapAll(await listSubjects(link, bucket.stream, bucket.all), subject => look(link, {last_by_subj: subject}))
          : mapAll(seqs, seq => look(link, {seq})));
        const changes = found.flat().filter(change => change.revision > revision);
        return {last: state.last_seq, changes: changes.sort((one, other) => one.revision - other.revision)};
      }),
    onHint: wake => hints.on(bucket.hint, wake),
  };

  return {
    async get(key) {
      checkKey(key);
      const {revision, value} = await use(link => last(link, key));
      return value === undefined ? undefined : {key, value: value.json, revision};
    },
    async put(key, value) {
      checkKey(key);
      return use(async link => {
        for (let tries = 0; tries < TRIES_MAX; tries += 1) {
          const revision = await write(link, key, value, (await last(link, key)).revision);
          if (revision !== undefined) return revision;
        }
        throw new Error(`The key ${key} is changed by others all the time.`);
      });
    },
    async create(key, value) {
      checkKey(key);
      return use(async link => {
        const before = await last(link, key);
        return before.value === undefined ? write(link, key, value, before.revision) : undefined;
      });
    },
    async compareAndSet(key, value, revision) {
      checkKey(key);
      return use(async link => {
        // The mark of a deletion has a revision, too.
        const before = await last(link, key);
        const isThere = before.value !== undefined && before.revision === revision;
        return isThere ? write(link, key, value, revision) : undefined;
      });
    },
    async delete(key, revision) {
      checkKey(key);
      return use(async link => {
        const before = await last(link, key);
        if (before.value === undefined || (revision !== undefined && revision !== before.revision)) return false;
        const mark = expectLast(before.revision);
        mark.set(OPERATION, 'DEL');
        const deleted = await publishIf(link.nc, bucket.subject(key), new Uint8Array(), before.revision, mark);
        giveHint(link, bucket.hint, 'messages');
        return deleted !== undefined;
      });
    },
    async keys(prefix = '') {
      return use(async link => {
        const keys = (await listSubjects(link, bucket.stream, bucket.all)).map(bucket.key);
        const there = await mapAll(
          keys.filter(key => key.startsWith(prefix)),
          async key => ((await last(link, key)).value === undefined ? [] : [key]),
        );
        return there.flat().sort();
      });
    },
    async entries(prefix = '') {
      return use(async link => {
        const keys = (await listSubjects(link, bucket.stream, bucket.all)).map(bucket.key);
        const there = await mapAll(
          keys.filter(key => key.startsWith(prefix)),
          async key => {
            const {revision, value} = await last(link, key);
            return value === undefined ? [] : [{key, value: value.json, revision}];
          },
        );
        return there.flat().sort(byKey);
      });
    },
    watch(prefix, listener) {
      const watch = startWatch({...options, source}, prefix, listener);
      watches.add(watch);
      return watch;
    },
    async close() {
      await Promise.all([...watches].map(watch => watch.stop()));
      await session.close();
    },
  };
}
