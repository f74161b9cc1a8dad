import type {Broker, Consumer} from './broker.ts';
import {createClaims} from './broker-nats/claims.ts';
import {listDeadLetters, redriveDeadLetter} from './broker-nats/dead-letters.ts';
import {changeProgress, joinGroup, numbers} from './broker-nats/groups.ts';
import {createHints, giveHint} from './broker-nats/hints.ts';
import {namesOf} from './broker-nats/names.ts';
import {seekTo} from './broker-nats/progress.ts';
import {publishAll} from './broker-nats/publish.ts';
import {readLag, readStream} from './broker-nats/read.ts';
import {createSession} from './broker-nats/session.ts';
import {createPartitions, createStream} from './broker-nats/streams.ts';
import {startConsumer, withDefaults} from './broker-parts/consume.ts';
import {createStreams, NoStreamError} from './broker-parts/streams.ts';
import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';

/**
 * A broker on NATS JetStream. It connects when there is something to do and after every loss again, so creating it never fails; calls
 * reject after about 3 s while the broker is away, consumers carry on when it is back. `ensureStream` is remembered even when it rejects:
 * the stream is made by the first call that finds it missing.
 */
export function createNatsBroker(options: {
  /** `nats://user:password@host:port`. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Broker {
  const session = createSession(options);
  const partitions = createPartitions(session);
  const streams = createStreams((name, count) => createStream(session, name, count));
  const hints = createHints(session);
  const consumers = new Set<Consumer>();

  return {
    ensureStream: (name, {partitions: count} = {}) => streams.ensure(name, count),
    publish: (stream, messages) => streams.withStream(stream, () => publishAll(session, partitions, stream, messages)),
    async consume(consumeOptions, handle) {
      const all = withDefaults(consumeOptions);
      const claims = createClaims({...options, session, streams, partitions, hints}, all);
      const consumer = startConsumer({...options, claims}, all, handle);
      consumers.add(consumer);
      return {
        async stop() {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    read: (stream, readOptions) =>
      emptyWithoutStream(async () => {
        const count = await partitions.of(stream);
        return session.use(stream, link => readStream(link, stream, count, readOptions));
      }),
    lag: stream => emptyWithoutStream(() => session.use(stream, link => readLag(link, stream))),
    deadLetters: stream => emptyWithoutStream(() => session.use(stream, link => listDeadLetters(link, stream))),
    redrive: (stream, id) => session.use(stream, link => redriveDeadLetter(link, stream, id)),
    seek: (stream, group, position) =>
      streams.withStream(stream, async () => {
        const count = await partitions.of(stream);
        await session.use(stream, async link => {
          await joinGroup(link, stream, group, count);
          for (const partition of numbers(count))
            await changeProgress(link, stream, group, partition, before => seekTo(before, position));
          giveHint(link, namesOf(stream).hint, 'groups');
        });
      }),
    async close() {
      await Promise.all([...consumers].map(consumer => consumer.stop()));
      await session.close();
    },
  };
}

/** Looking at a stream that is not there shows nothing. */
async function emptyWithoutStream<T>(look: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof NoStreamError) return [];
    throw error;
  }
}
