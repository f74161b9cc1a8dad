import type {Broker, Delivery} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';
import type {Kit} from '../kit/service.ts';
import type {Wake} from '../kit/wake.ts';
import {isPassing} from './passing-errors.ts';
import type {Projections} from './projections.ts';
import {endReplay, findReplays, lockReplay, moveReplay, type Replay, swapTables} from './replay-store.ts';
import {GROUP} from './streams.ts';

/** Another replica may have been asked for it. */
const LOOK_EVERY_MS = 2_000;
const AFTER_ERROR_MS = 500;
const PAGE = 500;

interface Parts extends Pick<Kit, 'clock' | 'database' | 'log'> {
  readonly broker: Broker;
  readonly projections: Projections;
}

/**
 * Works on replays until `signal` is aborted. What is known of one is in the database, moved in the transactions of its effects, so that any replica goes
 * on where another one, or this one before it was killed, has stopped.
 */
export async function runReplays(parts: Parts, wake: Wake, signal: AbortSignal): Promise<void> {
  const {clock, database, log} = parts;
  while (!signal.aborted) {
    try {
      const running = await findReplays(database, "where state = 'running' order by created_at", []);
      for (const replay of running) await workOn(parts, replay, signal);
    } catch (error) {
      log.warn({err: error}, 'a replay cannot go on at the moment');
      await clock.sleep(AFTER_ERROR_MS, signal).catch(() => undefined);
    }
    await wake.wait(LOOK_EVERY_MS, signal);
  }
}

async function workOn({database, log, broker, projections}: Parts, first: Replay, signal: AbortSignal): Promise<void> {
  const {stream, projection} = projections[first.projection];
  const partitions = (await broker.lag(stream)).filter(({group}) => group === GROUP).map(({partition}) => partition);
  if (partitions.length === 0) return;
  let replay: Replay = first;

  const readPage = (): Promise<readonly Delivery[]> =>
    broker.read(stream, {
      after: Object.fromEntries(partitions.map(partition => [partition, replay.position])),
      limit: PAGE,
    });

  async function apply(transaction: Queryable, page: readonly Delivery[]): Promise<void> {
    if (page.length === 0) return;
    const good = page.filter(message => projection.malformed(message) === undefined);
    if (good.length > 0) await projection.apply(transaction, good, 'rebuild.', {partitions});
    await moveReplay(transaction, replay, {position: lastOf(page), events: good.length});
  }

  /** Applies what is left and puts the tables in their place. False when too much is left to keep everybody waiting for it. */
  async function finish(): Promise<boolean> {
    return database.transaction(async transaction => {
      // Waits for batches under way and holds up the next ones: what is read now is all that the live tables have.
      await transaction.query('lock table projected in share row exclusive mode');
      if (!(await lockReplay(transaction, replay))) return true;
      const rest = await readPage();
      if (rest.length === PAGE) return false;
      await apply(transaction, rest);
      await swapTables(transaction, projection.tables);
      await endReplay(transaction, replay, 'done');
      log.info({replay: replay.id}, 'a projection was rebuilt and is read from now on');
      return true;
    });
  }

  try {
    while (!signal.aborted) {
      const page = await readPage();
      if (page.length < PAGE && (await finish())) return;
      const isMine = await database.transaction(async transaction => {
        const locked = await lockReplay(transaction, replay);
        if (locked) await apply(transaction, page);
        return locked;
      });
      if (!isMine) return;
      if (page.length > 0) replay = {...replay, position: lastOf(page)};
    }
  } catch (error) {
    if (isPassing(error)) throw error;
    log.error({err: error, replay: replay.id}, 'a replay failed; what is read stays as it is');
    await endReplay(database, replay, 'failed', error instanceof Error ? error.message : String(error));
  }
}

function lastOf(page: readonly Delivery[]): number {
  return page.reduce((most, {position}) => Math.max(most, position), 0);
}
