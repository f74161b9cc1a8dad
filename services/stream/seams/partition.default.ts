import type {Delivery, Settlement} from '../../kit/broker.ts';
import type {CreatePartition, WorkerTools} from './partition.ts';

/** An account's events stay in order. A batch is one transaction, or one for each of the subscription's keys. */
export const createPartition: CreatePartition = () => ({
  key: ({account}) => account,
  work: (batch, tools) => (tools.key === undefined ? tools.handle(batch) : workByKey(batch, tools, tools.key)),
});

async function workByKey(
  batch: readonly Delivery[],
  {handle}: WorkerTools,
  keyOf: (message: Delivery) => string,
): Promise<readonly Settlement[]> {
  const indexes = new Map<string, number[]>();
  for (const [index, message] of batch.entries()) {
    const key = keyOf(message);
    indexes.set(key, [...(indexes.get(key) ?? []), index]);
  }
  const result: (Settlement | undefined)[] = batch.map(() => undefined);
  const lanes = [...indexes.values()].map(async lane => {
    const settlements = await handle(lane.flatMap(index => batch[index] ?? []));
    for (const [at, index] of lane.entries()) result[index] = settlements[at];
  });
  const failed = (await Promise.allSettled(lanes)).find(lane => lane.status === 'rejected');
  // A message without a settlement comes again; where all failed, the reason is worth more than that.
  if (failed !== undefined && result.every(settlement => settlement === undefined)) throw failed.reason;
  return result.map(settlement => settlement ?? {settle: 'nak', reason: 'it could not be handled'});
}
