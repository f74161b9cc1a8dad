import {AckPolicy, DeliverPolicy} from '@nats-io/jetstream';
import {createInbox, errors, type Msg, nanos} from '@nats-io/transport-node';
import type {StoredMessage} from './messages.ts';
import {ANSWER_TIMEOUT_MS, hasNoResponders, type Link} from './session.ts';

/** The server forgets a cursor that nobody asks for this time, and does not answer when it is asked after that. */
export const IDLE_MAX_MS = 30_000;

/** Reads on through the messages of a stream that a filter lets pass. */
export interface Cursor {
  /** The next messages, `count` at most; fewer when there are no more for the time being. Once it has thrown it is of no use. */
  next(count: number): Promise<readonly StoredMessage[]>;
  /** Messages that were still to come when it was made. */
  readonly pending: number;
  /** Tells the server that it is not needed any more. */
  drop(): void;
}

/** A cursor that no longer is on the server: it was idle, or the server was started again. */
export class CursorGoneError extends Error {}

/**
 * A cursor before the first message after `position`. The server keeps where it is and delivers a batch for one request: server 2.9 has no
 * other way to get many messages at once. Nothing depends on it: what a group has done stands in its records.
 */
export async function openCursor({nc, jsm}: Link, stream: string, filter: string, position: number): Promise<Cursor> {
  const {name, num_pending: pending} = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: position + 1,
    filter_subject: filter,
    inactive_threshold: nanos(IDLE_MAX_MS),
    mem_storage: true,
  });
  let delivered = 0;
  return {
    pending,
    next: count =>
      new Promise((resolve, reject) => {
        const got: StoredMessage[] = [];
        const finish = (error?: Error): void => {
          clearTimeout(timer);
          subscription.unsubscribe();
          if (error === undefined) resolve(got);
          else reject(error);
        };
        const timer = setTimeout(() => finish(new errors.TimeoutError()), ANSWER_TIMEOUT_MS);
        const subscription = nc.subscribe(createInbox(), {
          callback: (error, message) => {
            if (error !== null) return finish(hasNoResponders(error) ? new CursorGoneError() : error);
            const code = message.headers?.code ?? 0;
            if (code === 503 || code === 409) return finish(new CursorGoneError());
            if (code >= 400) return finish();
            if (code !== 0) return;
            const {seq, at, nth, left} = parseReply(message);
            delivered += 1;
            // One before it went to a request that nobody waits for any more.
            if (nth !== delivered) return finish(new CursorGoneError());
            got.push({subject: message.subject, seq, at, data: message.data});
            if (got.length === count || left === 0) finish();
          },
        });
        const request = JSON.stringify({batch: count, no_wait: true});
        nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, {reply: subscription.getSubject()});
      }),
    drop() {
      if (!nc.isClosed()) jsm.consumers.delete(stream, name).catch(() => undefined);
    },
  };
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<nth>.<ns>.<left>`; newer servers put a domain and an account in front. */
function parseReply({reply = ''}: Msg): {
  readonly seq: number;
  readonly nth: number;
  readonly at: number;
  readonly left: number;
} {
  const tokens = reply.split('.');
  const offset = tokens.length > 9 ? 2 : 0;
  const [seq, nth, ns, left] = tokens.slice(offset + 5).map(Number);
  return {seq: seq ?? 0, nth: nth ?? 0, at: Math.floor((ns ?? 0) / 1e6), left: left ?? 0};
}
