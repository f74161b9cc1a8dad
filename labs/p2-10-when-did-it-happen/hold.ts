import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../../src/errors.ts';
import type {LabTools} from '../../src/labs/lab.ts';

/** Longer than it holds anything, ms. */
const ACK_WAIT_MS = 30_000;
const ALL_PARTITIONS = 64;
/** What it gives back waits so long for somebody else, ms. */
const GIVEN_BACK_MS = 50;

export interface Hold {
  readonly partition: number;
  /** Who may have it instead: it is paused meanwhile. */
  readonly paused: string;
  /** It tries to get it until then, and keeps it until then, unix ms. */
  readonly getBy: number;
  readonly keepTo: number;
}

/**
 * Another member of stream's group, which takes one partition and is slow with it: what is published there stays unread meanwhile, while all others
 * are read. In the end it gives everything back untouched, as it does at once with whatever else it is handed.
 *
 * @throws FAULT_FAILED when others were always faster, and it is not the paused one that has it.
 */
export async function holdPartition(tools: LabTools, hold: Hold, cut: AbortSignal): Promise<void> {
  const broker = await tools.broker();
  const got = new AbortController();
  const consumer = await broker.consume(
    {
      stream: 'activity',
      group: 'stream',
      member: 'slow-reader',
      // All that there are: each time something is published it asks for every one of them.
      concurrency: ALL_PARTITIONS,
      ackWaitMs: ACK_WAIT_MS,
      deliveriesMax: 1_000_000_000,
    },
    async ([first]) => {
      if (first?.partition === hold.partition && !got.signal.aborted) {
        got.abort();
        await until(hold.keepTo, cut);
      }
      return [{settle: 'nak', delayMs: GIVEN_BACK_MS, reason: 'somebody else is to read it'}];
    },
  );
  await until(hold.getBy, AbortSignal.any([cut, got.signal]));
  // It ends once what it has in hand is given back.
  await consumer.stop();
  if (got.signal.aborted || cut.aborted) return;
  const holder = (await broker.lag('activity')).find(
    ({group, partition}) => group === 'stream' && partition === hold.partition,
  )?.member;
  if (holder !== hold.paused)
    throw new LabError('FAULT_FAILED', `${holder ?? 'nobody'} has partition ${hold.partition}.`);
}

async function until(at: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, at - Date.now()), undefined, {signal}).catch(() => undefined);
}
