import type {Delivery} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';
import type {Projection} from './consume-projected.ts';
import {movePosition} from './move-position.ts';
import type {HandlerTools} from './seams/handler.ts';

/** A message that nobody can read. */
export class MalformedMessageError extends Error {
  constructor(id: string, reason: string) {
    super(`Message ${id} cannot be read: ${reason}.`);
    this.name = 'MalformedMessageError';
  }
}

/**
 * What a handler that is not the service's own works with. Effects and moves of a position are rows of their own, each with the transaction
 * that it belongs to: they show what took effect twice, and what was not one transaction.
 */
export function countedEffects(projection: Projection, node: string): Pick<HandlerTools, 'apply' | 'savePosition'> {
  return {
    async apply(transaction, messages) {
      for (const message of messages) {
        const reason = projection.malformed(message);
        if (reason !== undefined) throw new MalformedMessageError(message.id, reason);
      }
      if (messages.length === 0) return;
      // As moving the position does: a rebuilt projection does not take the place of this one meanwhile.
      await transaction.query('lock table projected in row exclusive mode');
      await projection.apply(transaction, messages, '');
      await addEffects(transaction, messages, node);
    },
    async savePosition(transaction, batch) {
      await movePosition(transaction, batch);
      await transaction.query(
        'insert into position_moves (stream, partition, position) select * from unnest($1::text[], $2::int[], $3::bigint[])',
        [batch.map(({stream}) => stream), batch.map(({partition}) => partition), batch.map(({position}) => position)],
      );
    },
  };
}

async function addEffects(transaction: Queryable, messages: readonly Delivery[], node: string): Promise<void> {
  await transaction.query(
    `insert into effects (message_id, key, partition, position, deliveries, node)
     select *, $6 from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::int[])`,
    [
      messages.map(({id}) => id),
      messages.map(({key}) => key),
      messages.map(({partition}) => partition),
      messages.map(({position}) => position),
      messages.map(({deliveries}) => deliveries),
      node,
    ],
  );
}
