import type {Delivery} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';

/** Writes down how far the partition of a batch is worked off. It never goes back: deliveries of different keys may come in any order. */
export async function movePosition(transaction: Queryable, batch: readonly Delivery[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  await transaction.query(
    `insert into projected (stream, partition, position) values ($1, $2, $3)
     on conflict (stream, partition) do update set position = greatest(projected.position, excluded.position)`,
    [first.stream, first.partition, Math.max(...batch.map(({position}) => position))],
  );
}
