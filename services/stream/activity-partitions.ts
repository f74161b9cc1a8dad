import type {Broker, GroupLag} from '../kit/broker.ts';
import {UnavailableError} from '../kit/unavailable.ts';
import {ACTIVITY, GROUP} from './streams.ts';

/** The partitions of the stream of activity, which are asked for once: their number never changes. Throws while the broker cannot tell. */
export type ActivityPartitions = () => Promise<readonly number[]>;

export function createActivityPartitions(broker: Pick<Broker, 'lag'>): ActivityPartitions {
  let known: readonly number[] | undefined;
  return async () => {
    if (known !== undefined) return known;
    const partitions = (await activityLag(broker)).map(({partition}) => partition);
    if (partitions.length === 0) throw new UnavailableError('The broker does not know this group yet.');
    known = partitions;
    return partitions;
  };
}

/** How far this service is behind in each partition of the stream of activity. */
export async function activityLag(broker: Pick<Broker, 'lag'>): Promise<readonly GroupLag[]> {
  return (await broker.lag(ACTIVITY)).filter(({group}) => group === GROUP);
}
