import type {Fabric} from '../fabric/fabric.ts';
import type {FaultEntry} from './entry.ts';
import type {FaultBook} from './fault-book.ts';
import {startInterval} from './interval.ts';
import {showsInTime} from './kinds.ts';
import type {Measure} from './measure.ts';
import {readTraffic, type Traffic} from './traffic.ts';

export interface WatchTools {
  readonly fabric: Fabric;
  readonly book: FaultBook;
  readonly measures: Measure;
  readonly now: () => number;
  readonly onTime: (entry: FaultEntry) => Promise<void>;
  readonly undo: (entry: FaultEntry) => Promise<void>;
}

/** Looks at faults while they are in force. */
export interface FaultWatch {
  watch(entry: FaultEntry): void;
  /** Takes in what traffic has felt; a fault that somebody else took away has failed. */
  look(entry: FaultEntry, traffic: Traffic): Promise<void>;
}

const LOOK_EVERY_MS = 500;
const LOOK_AT_NODES_EVERY_MS = 1_000;
/** The last look at what traffic felt of a toxic is this long before it ends by itself. */
const LAST_LOOK_MS = 40;

export function createFaultWatch(tools: WatchTools): FaultWatch {
  const {fabric, book, measures, now} = tools;

  /** Ends it in time, and looks until then whether it is in force and felt. */
  const watch = (entry: FaultEntry): void => {
    const leftMs = (): number => (entry.record.endsAt ?? Number.POSITIVE_INFINITY) - now();
    if (entry.toxics.length > 0 && entry.isDirect !== true) {
      entry.lookTimer = startInterval(
        async () => look(entry, await readTraffic(fabric, entry)),
        () => Math.min(LOOK_EVERY_MS, leftMs() - LAST_LOOK_MS),
      );
    }
    if (showsInTime(entry)) {
      entry.lookTimer = startInterval(
        () => lookAtNodes(entry),
        () => Math.min(LOOK_AT_NODES_EVERY_MS, leftMs()),
      );
    }
    if (entry.record.endsAt === null) return;
    // The fabric ends its toxics itself, and may be a thread away: the record follows a moment later.
    const slackMs = entry.toxics.length > 0 ? 5 : 0;
    entry.endTimer = startInterval(
      async () => {
        if (leftMs() <= 0) await tools.onTime(entry);
      },
      () => Math.min(Math.max(1, leftMs() + slackMs), 2 ** 30),
    );
  };

  const look = async (entry: FaultEntry, traffic: Traffic): Promise<void> => {
    const {endsAt, effect} = entry.record;
    if (entry.ending !== undefined || (endsAt !== null && now() >= endsAt - 10)) return;
    entry.felt = traffic.effect ?? entry.felt;
    if (!traffic.inForce) {
      entry.ending = tools.undo(entry).catch(() => {});
      await book.retire(entry, {
        state: 'failed',
        effect: {verdict: 'none', observed: 'it was taken away before its end'},
      });
    } else if (traffic.effect !== undefined && effect?.verdict !== 'bites') await book.showFelt(entry, traffic.effect);
  };

  const lookAtNodes = async (entry: FaultEntry): Promise<void> => {
    if (entry.disturbance === undefined || entry.record.effect?.verdict !== 'pending') return;
    const effect = await measures.disturbed(entry, entry.disturbance);
    if (entry.ending === undefined && effect.verdict === 'bites') await book.update(entry, {effect});
  };

  return {watch, look};
}
