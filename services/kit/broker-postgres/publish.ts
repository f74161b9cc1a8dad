import type {Message} from '../broker.ts';
import {type EncodedMessage, encodeMessage} from '../broker-parts/encode.ts';
import {keyHash} from '../broker-parts/partition.ts';
import {sqlState} from '../postgres-errors.ts';

import type {Session} from './session.ts';

/** Messages sent in one statement, at most. */
const BATCH_MAX = 500;
interface Waiting {
  readonly messages: readonly EncodedMessage[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export type Publish = (messages: readonly Message[]) => Promise<void>;

/**
 * Publishes to one stream. Publications of a stream are ordered by a lock in the broker, each with a flush to disk of its own, so
 * those that come while one is on its way go together in the next.
 */
export function createPublish(session: Session, stream: string): Publish {
  let waiting: Waiting[] = [];
  let sending = false;

  async function sendAll(): Promise<void> {
    sending = true;
    while (waiting.length > 0) await sendBatch(takeBatch());
    sending = false;
  }

  async function sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await send(
        session,
        stream,
        batch.flatMap(one => one.messages),
      );
      for (const one of batch) one.resolve();
    } catch (error) {
      // One that Postgres refuses must not take the others with it.
      if (batch.length > 1 && isRefused(error)) for (const one of batch) await sendBatch([one]);
      else for (const one of batch) one.reject(error);
    }
  }

  function takeBatch(): readonly Waiting[] {
    let count = 0;
    const tooMany = waiting.findIndex((one, index) => {
      count += one.messages.length;
      return index > 0 && count > BATCH_MAX;
    });
    const batch = tooMany === -1 ? waiting : waiting.slice(0, tooMany);
    waiting = tooMany === -1 ? [] : waiting.slice(tooMany);
    return batch;
  }

  return async messages => {
    if (messages.length === 0) return;
    const encoded = messages.map(encodeMessage);
    await new Promise<void>((resolve, reject) => {
      waiting.push({messages: encoded, resolve, reject});
      if (!sending) void sendAll();
    });
  };
}

async function send(session: Session, stream: string, messages: readonly EncodedMessage[]): Promise<void> {
  await session.query('select broker.publish($1, $2, $3, $4, $5, $6, $7)', [
    stream,
    messages.map(message => message.id),
    messages.map(message => message.key),
    messages.map(message => keyHash(message.key)),
    messages.map(message => message.type),
    messages.map(message => message.data),
    messages.map(message => message.headers),
  ]);
}

/** Data errors and exceeded limits (JSON nested too deep): sending it again would not help. */
function isRefused(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (state.startsWith('22') || state.startsWith('54'));
}
