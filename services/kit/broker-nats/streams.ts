import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import {NoStreamError} from '../broker-parts/streams.ts';
import {FILTERS, namesOf} from './names.ts';
import type {Session} from './session.ts';

/** Server 2.9 has no metadata of streams; the number of partitions stands in the description. */
const DESCRIPTION = /^(\d+) partitions$/;
/** JetStream's own window of duplicates is not needed: a message's subject is its identity. The least that it takes, in ns. */
const NO_WINDOW_NS = 100_000_000;
const NAME_IN_USE = 10_058;

/** Makes the two streams, where they are not there yet. One that exists keeps its number of partitions. */
export async function createStream(session: Session, stream: string, partitions: number): Promise<void> {
  const {messages, groups} = namesOf(stream);
  await session.use(stream, async ({jsm}) => {
    // The groups' first: whoever finds messages may count on it.
    await add(jsm, {...COMMON, name: groups, subjects: [FILTERS.allGroups(stream)]});
    const description = `${partitions} partitions`;
    await add(jsm, {...COMMON, ...FIRST_STAYS, name: messages, subjects: [FILTERS.allMessages(stream)], description});
  });
}

/** How many partitions streams have; asked once for each. */
export interface Partitions {
  of(stream: string): Promise<number>;
  /** It is not there any more: it may have another number when it is made again. */
  forget(stream: string): void;
}

export function createPartitions(session: Session): Partitions {
  const known = new Map<string, Promise<number>>();

  async function ask(stream: string): Promise<number> {
    const {config} = await session.use(stream, ({jsm}) => jsm.streams.info(namesOf(stream).messages));
    const [, partitions] = DESCRIPTION.exec(config.description ?? '') ?? [];
    if (partitions === undefined) throw new NoStreamError(stream);
    return Number(partitions);
  }

  return {
    of(stream) {
      const found = known.get(stream) ?? ask(stream);
      known.set(stream, found);
      found.catch(() => known.delete(stream));
      return found;
    },
    forget: stream => void known.delete(stream),
  };
}

/** Whoever publishes on a subject that has its message is refused, also without the condition that this adapter sets. */
const FIRST_STAYS = {discard: DiscardPolicy.New, discard_new_per_subject: true} as const;

/** Durable, and kept for ever; a subject has one message. */
const COMMON = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_msgs_per_subject: 1,
  allow_direct: true,
  num_replicas: 1,
  duplicate_window: NO_WINDOW_NS,
} as const;

async function add(jsm: JetStreamManager, config: Parameters<JetStreamManager['streams']['add']>[0]): Promise<void> {
  try {
    await jsm.streams.add(config);
  } catch (error) {
    // Made before, with another number of partitions.
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
  }
}
