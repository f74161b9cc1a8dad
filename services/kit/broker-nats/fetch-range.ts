import {AckPolicy, DeliverPolicy} from '@nats-io/jetstream';
import {createInbox, type Msg, nanos} from '@nats-io/transport-node';
import type {StoredMessage} from './messages.ts';
import type {Link} from './session.ts';

/** When nothing more has come for so long, what is missing is asked for one by one, ms. */
const SILENCE_MS = 500;
/** Should it not be deleted, the server does it, in ms. */
const CONSUMER_KEPT_MS = 10_000;

/**
 * Messages with these numbers, both included, as far as they come in one go, in any order: a consumer that lives for one request. That it has sent
 * everything cannot be told from it (the count of what is pending can be 0 too early in server 2.9), so whoever needs all looks for what is missing.
 */
export async function fetchRange(
  {nc, jsm}: Link,
  stream: string,
  from: number,
  to: number,
): Promise<readonly StoredMessage[]> {
  const {name} = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    inactive_threshold: nanos(CONSUMER_KEPT_MS),
    mem_storage: true,
  });
  const inbox = createInbox();
  const found: StoredMessage[] = [];
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      coming.unsubscribe();
      resolve();
    };
    const timer = setTimeout(end, SILENCE_MS);
    const coming = nc.subscribe(inbox, {
      callback(error, message) {
        const stored = error === null ? toStored(message) : undefined;
        if (stored !== undefined && stored.seq <= to) found.push(stored);
        timer.refresh();
        if (stored === undefined || stored.seq >= to) end();
      },
    });
    const request = JSON.stringify({batch: to - from + 1, no_wait: true});
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, {reply: inbox});
  });
  jsm.consumers.delete(stream, name).catch(() => undefined);
  return found;
}

/** Undefined for what is no message: the server says that there is nothing more. */
function toStored({subject, reply, headers, data}: Msg): StoredMessage | undefined {
  if ((headers?.code ?? 0) !== 0 || reply === undefined) return undefined;
  // `$JS.ACK.<stream>.<consumer>.<delivered>.<number>.<…>.<time in ns>.<pending>`; two tokens more before the stream where there are domains.
  const tokens = reply.split('.');
  const [seq, , time] = tokens.slice(tokens.length > 9 ? 7 : 5);
  if (seq === undefined || time === undefined) return undefined;
  return {subject, seq: Number(seq), at: Number(time.slice(0, -6)), data};
}
