import {fetchRange} from './fetch-range.ts';
import type {StoredMessage} from './messages.ts';
import {mapAll} from './records.ts';
import {ANSWER_TIMEOUT_MS, type Link} from './session.ts';

/** Messages asked for at once. */
const CHUNK = 2_000;
/** For fewer than these a consumer costs more than it saves. */
const FETCH_MIN = 24;

/** Messages with these numbers, both included, in order; numbers that have none are left out. */
export async function readRange(
  link: Link,
  stream: string,
  from: number,
  to: number,
): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let first = from; first <= to; first += CHUNK)
    found.push(...(await readChunk(link, stream, first, Math.min(to, first + CHUNK - 1))));
  return found;
}

/** What comes together, and what is missing of it one by one: only that says for certain that there is none. */
async function readChunk(link: Link, stream: string, from: number, to: number): Promise<readonly StoredMessage[]> {
  const count = to - from + 1;
  const bySeq = new Map<number, StoredMessage>();
  if (count >= FETCH_MIN)
    for (const message of await fetchRange(link, stream, from, to)) bySeq.set(message.seq, message);
  const numbers = Array.from({length: count}, (_, n) => from + n);
  await mapAll(
    numbers.filter(seq => !bySeq.has(seq)),
    async seq => {
      const message = await getMessage(link, stream, {seq});
      if (message !== undefined) bySeq.set(seq, message);
    },
  );
  return numbers.flatMap(seq => bySeq.get(seq) ?? []);
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
