import type {StoredMessage} from './messages.ts';
import {ANSWER_TIMEOUT_MS, type Link} from './session.ts';

/** Messages asked for at once. */
const CHUNK = 500;

/**
 * Messages with these numbers, both included, in order; numbers that have none are left out. A consumer of JetStream would deliver those of one
 * partition alone; but the end of its batches shows only in the count of what is pending, which in server 2.9 can be 0 too early.
 */
export async function readRange(
  link: Link,
  stream: string,
  from: number,
  to: number,
): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let first = from; first <= to; first += CHUNK) {
    const count = Math.min(CHUNK, to - first + 1);
    const chunk = await Promise.all(Array.from({length: count}, (_, n) => getMessage(link, stream, {seq: first + n})));
    found.push(...chunk.filter(message => message !== undefined));
  }
  return found;
}

/** One message: with this number, or the first from there on whose subject matches. Asked by hand: the library takes twice as long for it. */
export async function getMessage(
  {nc}: Link,
  stream: string,
  query: {readonly seq: number; readonly next_by_subj?: string},
): Promise<StoredMessage | undefined> {
  const subject = `$JS.API.DIRECT.GET.${stream}`;
  const {headers, data} = await nc.request(subject, JSON.stringify(query), {timeout: ANSWER_TIMEOUT_MS});
  if (headers === undefined || headers.code === 404) return undefined;
  if (headers.code >= 400) throw new Error(`The broker does not show a message: ${headers.status}.`);
  return {
    subject: headers.get('Nats-Subject'),
    seq: Number(headers.get('Nats-Sequence')),
    at: Date.parse(headers.get('Nats-Time-Stamp')),
    data,
  };
}
