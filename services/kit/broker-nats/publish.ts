import {createInbox, errors, headers, type Msg, type NatsConnection} from '@nats-io/transport-node';
import type {Message} from '../broker.ts';
import {encodeMessage} from '../broker-parts/encode.ts';
import {keyHash} from '../broker-parts/partition.ts';
import {NoStreamError} from '../broker-parts/streams.ts';
import {UnavailableError} from '../unavailable.ts';
import {giveHint} from './hints.ts';
import {toPayload} from './messages.ts';
import {namesOf} from './names.ts';
import {ANSWER_TIMEOUT_MS, type Session} from './session.ts';
import type {Partitions} from './streams.ts';

/** Messages that are on their way at once, at most. */
const BURST_MAX = 500;
const WRONG_LAST_SEQUENCE = 10_071;
/** Status of an answer that nobody gave: no stream has this subject. */
const NO_RESPONDERS = 503;
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
  await publishTogether(nc, burst);
}

/**
 * Publishes a burst and waits for the answer to each, with one subscription and one timer for all of them: a request of its own for each costs
 * several times as much. Rejects with what became of the first message that was not taken.
 */
function publishTogether(nc: NatsConnection, burst: readonly Outgoing[]): Promise<void> {
  const inbox = createInbox();
  const failures = new Map<number, unknown>();
  let left = burst.length;
  return new Promise((resolve, reject) => {
    const end = (failure?: unknown): void => {
      clearTimeout(timer);
      answers.unsubscribe();
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const timer = setTimeout(
      () => end(new UnavailableError(`The broker did not answer within ${ANSWER_TIMEOUT_MS} ms.`)),
      ANSWER_TIMEOUT_MS,
    );
    const answers = nc.subscribe(`${inbox}.*`, {
      callback(error, message) {
        const failure = error ?? failureOf(message);
        if (failure !== undefined) failures.set(Number(message.subject.slice(inbox.length + 1)), failure);
        left -= 1;
        if (left === 0) end(failures.size === 0 ? undefined : failures.get(Math.min(...failures.keys())));
      },
    });
    for (const [index, {subject, payload}] of burst.entries())
      nc.publish(subject, payload, {reply: `${inbox}.${index}`, headers: NEW});
  });
}

function failureOf(answer: Msg): unknown {
  if (answer.headers?.code === NO_RESPONDERS) return new errors.NoRespondersError(answer.subject);
  const {error} = answer.json<PublishAnswer>();
  // Stored before, by whomever.
  return error === undefined || error.err_code === WRONG_LAST_SEQUENCE ? undefined : new Error(error.description);
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
