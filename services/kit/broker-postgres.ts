import type {Broker, Consumer} from './broker.ts';
import {startConsumer, withDefaults} from './broker-parts/consume.ts';
import {createStreams} from './broker-parts/streams.ts';
import {createClaims} from './broker-postgres/claims.ts';
import {readDeadLetters, redriveDeadLetter} from './broker-postgres/dead-letters.ts';
import {createHints} from './broker-postgres/listen.ts';
import {createPublish, type Publish} from './broker-postgres/publish.ts';
import {readLag, readStream} from './broker-postgres/read.ts';
import {createSession} from './broker-postgres/session.ts';
import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';

/**
 * A broker on a Postgres of its own. It connects when there is something to do and after every loss again, so creating it never fails;
 * calls reject after about 3 s while the broker is away, consumers carry on when it is back. `ensureStream` is remembered even when it
 * rejects: the stream is made by the first call that finds it missing.
 */
export function createPostgresBroker(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Broker {
  const session = createSession(options);
  const streams = createStreams(async (name, partitions) => {
    await session.query('insert into broker.streams (name, partitions) values ($1, $2) on conflict do nothing', [
      name,
      partitions,
    ]);
  });
  const hints = createHints(options);
  const publishers = new Map<string, Publish>();
  const consumers = new Set<Consumer>();

  function publisherOf(stream: string): Publish {
    const publish = publishers.get(stream) ?? createPublish(session, stream);
    publishers.set(stream, publish);
    return publish;
  }

  return {
    ensureStream: (name, {partitions} = {}) => streams.ensure(name, partitions),
    publish: (stream, messages) => streams.withStream(stream, () => publisherOf(stream)(messages)),
    async consume(consumeOptions, handle) {
      const all = withDefaults(consumeOptions);
      const consumer = startConsumer({...options, claims: createClaims({session, streams, hints}, all)}, all, handle);
      consumers.add(consumer);
      return {
        async stop() {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    read: (stream, readOptions) => readStream(session, stream, readOptions),
    lag: stream => readLag(session, stream),
    deadLetters: stream => readDeadLetters(session, stream),
    redrive: (stream, id) => redriveDeadLetter(session, stream, id),
    async seek(stream, group, position) {
      await streams.withStream(stream, () =>
        session.query('select broker.seek($1, $2, $3)', [stream, group, position]),
      );
    },
    async close() {
      await Promise.all([...consumers].map(consumer => consumer.stop()));
      await hints.close();
      await session.close();
    },
  };
}
