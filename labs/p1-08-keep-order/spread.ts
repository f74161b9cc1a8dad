import type {SignedIn} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';

const PROBE = 'probe';
/** More in one partition than in others would make that one the measure of all, however many consumers there are. */
const PER_PARTITION = 2;

/** Those of the accounts that spread evenly over the partitions, if their name is the key. The broker says where a key goes. */
export async function spreadEvenly(tools: LabTools, all: readonly SignedIn[]): Promise<readonly SignedIn[]> {
  const broker = await tools.broker();
  await broker.ensureStream(PROBE);
  await broker.publish(
    PROBE,
    all.map(({account}) => ({id: account, key: account, type: PROBE, data: null})),
  );
  const taken = new Map<number, number>();
  const partitions = new Map((await broker.read(PROBE)).map(({key, partition}) => [key, partition]));
  return all.filter(({account}) => {
    const partition = partitions.get(account) ?? 0;
    taken.set(partition, (taken.get(partition) ?? 0) + 1);
    return (taken.get(partition) ?? 0) <= PER_PARTITION;
  });
}
