import {LabError} from '../errors.ts';
import {type CrashSeries, type CrashSeriesResult, crashChange, pointsOf, startCrashSeries} from './crash-series.ts';
import type {FaultEntry} from './entry.ts';
import type {FaultBook} from './fault-book.ts';
import type {FaultNodes} from './nodes.ts';

export interface ArmedSeriesTools {
  readonly book: FaultBook;
  readonly nodes: FaultNodes;
  readonly now: () => number;
  /** All crashes of it took place, or its time is over. */
  readonly onDone: (entry: FaultEntry) => Promise<void>;
}

/** Crash points that faults have armed. Several may be armed on one node, as long as they are different ones. */
export interface ArmedSeries {
  /** Errors: FAULT_FAILED where another fault arms the same point of the same node. */
  refuse(entry: FaultEntry): void;
  start(entry: FaultEntry): void;
  /** How a series came out, once it is over; undefined for a fault that has none. */
  crashes(id: string): Promise<CrashSeriesResult> | undefined;
}

export function createArmedSeries({book, nodes, now, onDone}: ArmedSeriesTools): ArmedSeries {
  const all = new Map<string, CrashSeries>();

  /** Two series with one point on one node would take each other's hits for their own. */
  const refuse = ({record}: FaultEntry): void => {
    for (const {record: other} of arming()) {
      const nodes = other.nodes.filter(node => record.nodes.includes(node));
      const points = pointsOf(other).filter(point => pointsOf(record).includes(point));
      if (nodes.length > 0 && points.length > 0)
        throw new LabError('FAULT_FAILED', `${other.id} arms ${points.join(', ')} of ${nodes.join(', ')} already.`);
    }
  };

  const arming = (): readonly (FaultEntry & {readonly series: CrashSeries})[] =>
    [...book.entries.values()].flatMap(entry => {
      const {series, ending} = entry;
      return series === undefined || ending !== undefined ? [] : [{...entry, series}];
    });

  const start = (entry: FaultEntry): void => {
    const {attributes, nodes: targets, seed} = entry.record;
    const skip = Number(attributes.skip);
    const skipMax = attributes['skip-max'];
    const series = startCrashSeries(
      {
        nodes: () => targets,
        points: pointsOf(entry.record),
        times: Number(attributes.times),
        fromMs: 0,
        sinceReadyMs: Number(attributes['since-ready']),
        skipMin: skipMax === undefined ? skip : 0,
        skipMax: Number(skipMax ?? skip),
        seed,
      },
      {
        nodes,
        now,
        onChange: result => void book.update(entry, crashChange(result)),
        onDisarmed: async node => {
          const others = arming().filter(({series: other}) => other !== series);
          await Promise.all(others.map(async ({series: other}) => other.rearm(node)));
        },
      },
    );
    entry.series = series;
    all.set(entry.record.id, series);
    void book.update(entry, crashChange(series.result()));
    void series.done.catch(() => {}).then(() => onDone(entry));
  };

  return {refuse, start, crashes: id => all.get(id)?.done};
}
