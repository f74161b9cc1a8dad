import {randomUUID} from 'node:crypto';
import type {ConsumeOptions} from '../broker.ts';
import type {Batch, Claims} from '../broker-parts/consume.ts';
import type {Streams} from '../broker-parts/streams.ts';
import {sqlState} from '../postgres-errors.ts';
import {type MessageRow, toDelivery} from './deliveries.ts';
import type {Hints} from './listen.ts';
import {NO_GROUP} from './schema.ts';
import type {Session} from './session.ts';

interface ClaimedBatch extends Batch {
  readonly epoch: string;
}

/** Claims as rows of the broker's database: one statement takes partitions, one settles a batch. */
export function createClaims(
  {session, streams, hints}: {readonly session: Session; readonly streams: Streams; readonly hints: Hints},
  options: Required<ConsumeOptions>,
): Claims<ClaimedBatch> {
  const {stream, group, member, ackWaitMs, deliveriesMax, batchMax} = options;
  // A member that was restarted has its old name, but not the claims of its former life: those are given back first.
  const owner = `${member}/${randomUUID()}`;
  return {
    async join() {
      await streams.withStream(stream, () => session.query('select broker.join_group($1, $2)', [stream, group]));
      await session.query('select broker.release($1, $2, $3, $4)', [stream, group, member, owner]);
    },
    async claim(slots, busy) {
      const rows = await session.query<MessageRow & {epoch: string}>(
        `select r_partition as partition, r_epoch as epoch, r_position as position, r_id as id, r_key as key, r_type as type,
           r_data as data, r_headers as headers, r_published_at as published_at, r_deliveries as deliveries
         from broker.claim($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [stream, group, owner, member, ackWaitMs, deliveriesMax, batchMax, slots, busy],
      );
      const partitions = [...new Set(rows.map(row => row.partition))];
      return partitions.map(partition => {
        const own = rows.filter(row => row.partition === partition);
        return {partition, epoch: own[0]?.epoch ?? '0', deliveries: own.map(row => toDelivery(stream, row))};
      });
    },
    async extend(batch) {
      const rows = await session.query(
        `update broker.progress set until = clock_timestamp() + make_interval(secs => $6 / 1000.0)
         where stream = $1 and consumers = $2 and partition = $3 and owner = $4 and epoch = $5 returning epoch`,
        [stream, group, batch.partition, owner, batch.epoch, ackWaitMs],
      );
      return rows.length === 0 ? undefined : batch;
    },
    async settle({partition, epoch}, {doneTo, dead, nak}) {
      const rows = await session.query<{settled: boolean}>(
        'select broker.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as settled',
        [
          stream,
          group,
          partition,
          owner,
          epoch,
          doneTo,
          dead.map(one => one.position),
          dead.map(one => one.reason),
          nak?.position ?? null,
          nak?.delayMs ?? 0,
          nak?.reason ?? null,
          deliveriesMax,
        ],
      );
      return rows[0]?.settled === true;
    },
    isGone: error => sqlState(error) === NO_GROUP,
    onHint: wake => hints.on(stream, wake),
  };
}
