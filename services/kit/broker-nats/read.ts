import {AckPolicy, DeliverPolicy} from '@nats-io/jetstream';
import {nanos} from '@nats-io/transport-node';
import type {Broker, Delivery, GroupLag} from '../broker.ts';
import {listProgress, numbers} from './groups.ts';
import {toDelivery} from './messages.ts';
import {FILTERS, namesOf, parseMessageSubject} from './names.ts';
import {mapAll} from './records.ts';
import type {Link} from './session.ts';
import {readRange} from './stored-messages.ts';

/** Messages asked for at once. */
const PAGE = 500;
/** Should it not be deleted, the server does it, in ms. */
const COUNTER_KEPT_MS = 10_000;

export async function readStream(
  link: Link,
  stream: string,
  partitions: number,
  {after = {}, limit = Number.POSITIVE_INFINITY}: NonNullable<Parameters<Broker['read']>[1]> = {},
): Promise<readonly Delivery[]> {
  const {messages} = namesOf(stream);
  const {state} = await link.jsm.streams.info(messages);
  const least = Math.min(...numbers(partitions).map(partition => after[partition] ?? 0));
  const found: Delivery[] = [];
  for (let from = least + 1; from <= state.last_seq && found.length < limit; from += PAGE) {
    const page = await readRange(link, messages, from, Math.min(from + PAGE - 1, state.last_seq));
    const originals = page.filter(({subject}) => parseMessageSubject(subject).onlyGroup === undefined);
    const deliveries = originals.map(message => toDelivery(stream, message, 1));
    found.push(...deliveries.filter(({partition, position}) => position > (after[partition] ?? 0)));
  }
  return found.slice(0, limit);
}

/** How far each partition of each group is behind. Who holds one is known as well as the clocks of server and reader agree. */
export async function readLag(link: Link, stream: string): Promise<readonly GroupLag[]> {
  const {messages} = namesOf(stream);
  const records = await listProgress(link, stream);
  const hasCopies = (await lastSeq(link, messages, FILTERS.allCopies(stream))) > 0;
  return mapAll(records, async ({group, partition, value, at}) => {
    const {position, owner, member, holdMs} = value;
    const after = (filter: string): Promise<number> => countAfter(link, messages, filter, position);
    let lag = await after(FILTERS.partition(stream, partition));
    // Copies of dead letters concern the group that they are for and no other.
    if (lag > 0 && hasCopies)
      lag += (await after(FILTERS.copies(stream, partition, group))) - (await after(FILTERS.copies(stream, partition)));
    return {
      stream,
      group,
      partition,
      position,
      lag,
      member: owner !== null && at + holdMs > Date.now() ? member : null,
    };
  });
}

/**
 * Messages on these subjects behind a position. Most often there are none, and the last one's position tells that. Else a consumer is made
 * for the count that the server gives of it: nothing is read with it.
 */
async function countAfter(link: Link, messages: string, filter: string, position: number): Promise<number> {
  if ((await lastSeq(link, messages, filter)) <= position) return 0;
  const {name, num_pending: count} = await link.jsm.consumers.add(messages, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: position + 1,
    filter_subject: filter,
    inactive_threshold: nanos(COUNTER_KEPT_MS),
    mem_storage: true,
  });
  link.jsm.consumers.delete(messages, name).catch(() => undefined);
  return count;
}

async function lastSeq({jsm}: Link, messages: string, filter: string): Promise<number> {
  return (await jsm.direct.getMessage(messages, {last_by_subj: filter}))?.seq ?? 0;
}
