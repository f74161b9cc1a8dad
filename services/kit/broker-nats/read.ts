import type {Broker, Delivery, GroupLag} from '../broker.ts';
import {listProgress, numbers} from './groups.ts';
import {toDelivery} from './messages.ts';
import {FILTERS, namesOf} from './names.ts';
import {openCursor} from './reader.ts';
import {mapAll} from './records.ts';
import type {Link} from './session.ts';

/** Messages asked for at once. */
const PAGE = 500;

export async function readStream(
  link: Link,
  stream: string,
  partitions: number,
  {after = {}, limit = Number.POSITIVE_INFINITY}: NonNullable<Parameters<Broker['read']>[1]> = {},
): Promise<readonly Delivery[]> {
  const from = Math.min(...numbers(partitions).map(partition => after[partition] ?? 0));
  const cursor = await openCursor(link, namesOf(stream).messages, FILTERS.originals(stream), from);
  const found: Delivery[] = [];
  while (cursor.pending > 0 && found.length < limit) {
    const page = await cursor.next(PAGE);
    const deliveries = page.map(message => toDelivery(stream, message, 1));
    found.push(...deliveries.filter(({partition, position}) => position > (after[partition] ?? 0)));
    if (page.length < PAGE) break;
  }
  cursor.drop();
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

/** Messages on these subjects behind a position. Most often there are none, and the last one's position tells that. */
async function countAfter(link: Link, messages: string, filter: string, position: number): Promise<number> {
  if ((await lastSeq(link, messages, filter)) <= position) return 0;
  const cursor = await openCursor(link, messages, filter, position);
  cursor.drop();
  return cursor.pending;
}

async function lastSeq({jsm}: Link, messages: string, filter: string): Promise<number> {
  return (await jsm.direct.getMessage(messages, {last_by_subj: filter}))?.seq ?? 0;
}
