import {headers, type NatsConnection} from '@nats-io/transport-node';
import type {Message} from '../broker.ts';
import {encodeMessage} from '../broker-parts/encode.ts';
import {keyHash} from '../broker-parts/partition.ts';
import {NoStreamError} from '../broker-parts/streams.ts';
import {giveHint} from './hints.ts';
import {toPayload} from './messages.ts';
import {namesOf} from './names.ts';
import {ANSWER_TIMEOUT_MS, type Session} from './session.ts';
import type {Partitions} from './streams.ts';

/** Messages that are on their way at once, at most. */
const BURST_MAX = 500;
const WRONG_LAST_SEQUENCE = 10_071;
/** Room in a message for the subject and the header. */
const OVERHEAD_BYTES = 1_024;

/**
 * Publishes messages in bursts. A message's subject holds its id and the server is told to store it only where that subject has none yet, so
 * that one of an id is stored, for ever, by one write.
 *
 * A burst is handed to the connection in one go: what of it arrives before the connection breaks is its beginning, and none of the rest is
 * sent later. So publishing it again keeps the order of each key.
 */
export async function publishAll(
  session: Session,
  partitions: Partitions,
  stream: string,
  messages: readonly Message[],
): Promise<void> {
  const encoded = messages.map(encodeMessage);
  if (encoded.length === 0) return;
  const names = namesOf(stream);
  try {
    const count = await partitions.of(stream);
    const all = encoded.map(message => ({
      subject: names.message(keyHash(message.key) % count, message.id),
      payload: toPayload(message),
    }));
    for (let from = 0; from < all.length; from += BURST_MAX)
      await session.use(stream, ({nc}) => sendBurst(nc, all.slice(from, from + BURST_MAX)));
  } catch (error) {
    if (error instanceof NoStreamError) partitions.forget(stream);
    throw error;
  }
  await session.use(stream, async link => giveHint(link, names.hint, 'messages')).catch(() => undefined);
}

interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
}

async function sendBurst(nc: NatsConnection, burst: readonly Outgoing[]): Promise<void> {
  const room = (nc.info?.max_payload ?? Number.POSITIVE_INFINITY) - OVERHEAD_BYTES;
  const largest = Math.max(...burst.map(({payload}) => payload.length));
  if (largest > room)
    throw new TypeError(`A message of ${largest} bytes is larger than the broker takes (${room} bytes).`);
  const answers = await Promise.allSettled(
    burst.map(({subject, payload}) => nc.request(subject, payload, {headers: NEW, timeout: ANSWER_TIMEOUT_MS})),
  );
  for (const answer of answers) {
    if (answer.status === 'rejected') throw answer.reason;
    const {error} = answer.value.json<PublishAnswer>();
    // Stored before, by whomever.
    if (error !== undefined && error.err_code !== WRONG_LAST_SEQUENCE) throw new Error(error.description);
  }
}

export interface PublishAnswer {
  readonly seq?: number;
  readonly error?: {readonly err_code: number; readonly description: string};
}

/** Header that has a message stored only when the last one on its subject has this number; 0: there is none. */
export function expectLast(seq: number): ReturnType<typeof headers> {
  const expected = headers();
  expected.set('Nats-Expected-Last-Subject-Sequence', String(seq));
  return expected;
}

const NEW = expectLast(0);

/** Publishes one message under that condition. Returns its number, or undefined when the condition does not hold. */
export async function publishIf(
  nc: NatsConnection,
  subject: string,
  payload: Uint8Array,
  lastSeq: number,
  condition = expectLast(lastSeq),
): Promise<number | undefined> {
  const answer = await nc.request(subject, payload, {headers: condition, timeout: ANSWER_TIMEOUT_MS});
  const {seq, error} = answer.json<PublishAnswer>();
  if (error?.err_code === WRONG_LAST_SEQUENCE) return undefined;
  if (error !== undefined || seq === undefined)
    throw new Error(error?.description ?? 'The broker did not say that it has it.');
  return seq;
}
