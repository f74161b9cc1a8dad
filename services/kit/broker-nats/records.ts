import {publishIf} from './publish.ts';
import type {Link} from './session.ts';

/** A value with the number that the server gave it, which is what it is compared by. */
export interface Stored<T> {
  readonly value: T;
  readonly revision: number;
  /** When it was stored, unix ms on the server's clock. */
  readonly at: number;
}

/** Requests on their way at once. */
const AT_ONCE_MAX = 256;

/** The last value on a subject. */
export async function getRecord<T>({jsm}: Link, stream: string, subject: string): Promise<Stored<T> | undefined> {
  const found = await jsm.direct.getMessage(stream, {last_by_subj: subject});
  return found === null ? undefined : {value: found.json<T>(), revision: found.seq, at: found.time.getTime()};
}

/** Stores a value where the last one has this revision (0: there is none). Returns its own; undefined: somebody was faster. */
export async function putRecord<T>(
  {nc}: Link,
  subject: string,
  value: T,
  revision: number,
): Promise<number | undefined> {
  return publishIf(nc, subject, Buffer.from(JSON.stringify(value)), revision);
}

/** Subjects of a stream that have a value. */
export async function listSubjects({jsm}: Link, stream: string, filter: string): Promise<readonly string[]> {
  const info = await jsm.streams.info(stream, {subjects_filter: filter});
  return Object.keys(info.state.subjects ?? {});
}

/** The same for many, some at a time; in their order. */
export async function mapAll<A, B>(all: readonly A[], work: (one: A) => Promise<B>): Promise<readonly B[]> {
  const done: B[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE_MAX)
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE_MAX).map(work))));
  return done;
}
