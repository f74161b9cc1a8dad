import {randomUUID} from 'node:crypto';
import type {ConsumeOptions} from '../broker.ts';
import type {Batch, Claims} from '../broker-parts/consume.ts';
import {NoStreamError, type Streams} from '../broker-parts/streams.ts';
import type {Clock} from '../clock.ts';
import {bury} from './dead-letters.ts';
import {GroupGoneError, getProgress, joinGroup, numbers, releaseFormerLife} from './groups.ts';
import type {Hints} from './hints.ts';
import {type StoredMessage, toDelivery} from './messages.ts';
import {FILTERS, namesOf} from './names.ts';
import {claim, type Progress, settle} from './progress.ts';
import {mapAll, putRecord} from './records.ts';
import type {Link, Session} from './session.ts';
import {SCAN_MAX, StreamReader} from './stream-reader.ts';
import type {Partitions} from './streams.ts';

interface ClaimedBatch extends Batch, Held {}

/** A record as this member knows it, from its own last write or from asking. */
interface Held {
  readonly progress: Progress;
  readonly revision: number;
}

interface Known extends Held {
  /** Since when it is known to have been unchanged, monotonic ms. */
  readonly since: number;
  /** This member wrote it: when somebody else has changed it since, the next claim fails, and tells. */
  readonly isOwn: boolean;
}

/** A timer may end this much (ms) before its time. */
const TIMER_ERROR_MS = 1;
/** Hints may get lost; this may not. */
const ASK_EVERY_MS = 450;

/**
 * Claims by compare-and-set on one record for each partition of a group. Claims of others expire by one's own clock: a record that has been
 * unchanged for its time may be taken over. A consumer of JetStream's own would hand out single messages: it has no batch that is one unit,
 * and with more than one message under way several members get parts of a partition at the same time.
 */
export function createClaims(
  parts: {
    readonly session: Session;
    readonly streams: Streams;
    readonly partitions: Partitions;
    readonly hints: Hints;
    readonly clock: Clock;
  },
  options: Required<ConsumeOptions>,
): Claims<ClaimedBatch> {
  const {session, streams, partitions, hints, clock} = parts;
  const {stream, group, member, batchMax, deliveriesMax} = options;
  const names = namesOf(stream);
  const owner = `${member}/${randomUUID()}`;
  const known = new Map<number, Known>();
  const reader = new StreamReader(names.messages, group, partition => FILTERS.partition(stream, partition));
  let isChanged = true;
  let created = '';
  let lastSeen = '';
  /** Partitions that were in hand at the last look: what has come for them meanwhile was not seen. */
  let passedOver: readonly number[] = [];
  let askAt = 0;
  let expiresAt = Number.POSITIVE_INFINITY;

  function note(partition: number, held: Held, isOwn: boolean): void {
    const before = known.get(partition);
    const since = before?.revision === held.revision ? before.since : clock.monotonic();
    known.set(partition, {...held, since, isOwn});
  }

  function forget(partition: number): void {
    known.delete(partition);
    isChanged = true;
  }

  /** Stores a record in place of the one that it was made from; false when somebody was faster. */
  async function put(link: Link, partition: number, {progress, revision}: Held): Promise<Held | undefined> {
    forget(partition);
    const stored = await putRecord(link, names.progress(group, partition), progress, revision);
    if (stored === undefined) return undefined;
    const held = {progress, revision: stored};
    note(partition, held, true);
    if (progress.dead.length === 0) return held;
    await bury(link, stream, group, progress.dead);
    return {...held, progress: {...progress, dead: []}};
  }

  /** Number of the last message where a look is worth it. Polls are cheap: two questions to the server, and nothing else. */
  async function lastIfWorthALook({jsm}: Link, busy: readonly number[]): Promise<number | undefined> {
    const hasLostOne = [...known].some(([n, {progress}]) => progress.owner === owner && !busy.includes(n));
    const isFreeAgain = passedOver.some(partition => !busy.includes(partition));
    const isDue = isChanged || hasLostOne || isFreeAgain || clock.monotonic() >= expiresAt;
    const asksForGroups = !isDue || clock.monotonic() >= askAt;
    isChanged = false;
    passedOver = busy;
    const asked = asksForGroups ? [names.messages, names.groups] : [names.messages];
    const infos = await Promise.all(asked.map(name => jsm.streams.info(name)));
    const [messages] = infos;
    if (messages === undefined) return undefined;
    if (messages.created !== created) reader.clear();
    created = messages.created;
    if (!asksForGroups) return messages.state.last_seq;
    askAt = clock.monotonic() + ASK_EVERY_MS;
    const seen = infos.map(({created, state}) => [created, state.first_seq, state.last_seq, state.messages]).join();
    if (seen === lastSeen) return isDue ? messages.state.last_seq : undefined;
    lastSeen = seen;
    doubtAll();
    return messages.state.last_seq;
  }

  /** Records have to be asked for again: others may have changed them. */
  function doubtAll(): void {
    for (const [partition, found] of known) known.set(partition, {...found, isOwn: false});
  }

  function isOpen(partition: number): boolean {
    const found = known.get(partition);
    if (found === undefined) return false;
    return found.progress.owner === owner || clock.monotonic() >= found.since + found.progress.holdMs - TIMER_ERROR_MS;
  }

  async function take(
    link: Link,
    partition: number,
    messages: readonly StoredMessage[],
  ): Promise<readonly ClaimedBatch[]> {
    const before = known.get(partition);
    if (before === undefined) return [];
    const positions = messages.map(({seq}) => seq);
    const claimed = claim(before.progress, positions, {...options, owner, now: clock.now()});
    const held = await put(link, partition, {...claimed, revision: before.revision});
    if (held === undefined || claimed.batch.length === 0) return [];
    const batch = messages.filter(({seq}) => claimed.batch.includes(seq));
    return [{...held, partition, deliveries: batch.map(one => toDelivery(stream, one, held.progress.deliveries))}];
  }

  return {
    async join() {
      known.clear();
      isChanged = true;
      await streams.withStream(stream, () =>
        session.use(stream, async link => {
          const count = await partitions.of(stream);
          await joinGroup(link, stream, group, count);
          await releaseFormerLife(link, stream, {group, member, owner}, count);
        }),
      );
    },
    claim: (slots, busy) =>
      session.use(stream, async link => {
        try {
          const last = await lastIfWorthALook(link, busy);
          if (last === undefined) return [];
          const free = shuffle(numbers(await partitions.of(stream)).filter(partition => !busy.includes(partition)));
          await mapAll(
            free.filter(partition => known.get(partition)?.isOwn !== true),
            async partition => {
              const {value: progress, revision} = await getProgress(link, stream, group, partition);
              note(partition, {progress, revision}, false);
            },
          );
          const open = free.filter(isOpen);
          expiresAt = Math.min(
            ...free.filter(partition => !open.includes(partition)).map(partition => expiryOf(known.get(partition))),
          );
          const found = await mapAll(open, async partition => {
            const position = known.get(partition)?.progress.position ?? 0;
            return {
              partition,
              position,
              messages: await reader.read(link, partition, {position, last, count: batchMax}),
            };
          });
          const waiting = found.filter(({messages}) => messages.length > 0).sort(byDistance);
          if (waiting.length > slots) isChanged = true;
          const taken = waiting.slice(0, slots).map(({partition, messages}) => take(link, partition, messages));
          return (await Promise.all(taken)).flat();
        } catch (error) {
          known.clear();
          isChanged = true;
          throw error;
        }
      }),
    extend: batch =>
      session.use(stream, async link => {
        const held = await put(link, batch.partition, batch);
        return held === undefined ? undefined : {...batch, ...held};
      }),
    settle: ({partition, progress, revision}, outcome) =>
      session.use(stream, async link => {
        const next = settle(progress, outcome, {deliveriesMax, now: clock.now()});
        return (await put(link, partition, {progress: next, revision})) !== undefined;
      }),
    isGone(error) {
      if (!(error instanceof GroupGoneError) && !(error instanceof NoStreamError)) return false;
      partitions.forget(stream);
      return true;
    },
    onHint(wake) {
      return hints.on(names.hint, change => {
        isChanged = true;
        if (change === 'groups') doubtAll();
        wake();
      });
    },
  };
}

function expiryOf(found: Known | undefined): number {
  return found === undefined ? 0 : found.since + found.progress.holdMs;
}

/** Whoever is far behind comes first, so that partitions stay close to each other and are read together; else chance decides. */
function byDistance(one: {readonly position: number}, other: {readonly position: number}): number {
  return Math.floor(one.position / SCAN_MAX) - Math.floor(other.position / SCAN_MAX);
}

function shuffle(all: readonly number[]): readonly number[] {
  return all
    .map(one => ({one, order: Math.random()}))
    .sort((a, b) => a.order - b.order)
    .map(({one}) => one);
}
