import {createRandom} from '../random.ts';
import type {FaultEffect, FaultRecord} from './fault.ts';
import type {FaultNodeEvent, FaultNodes} from './nodes.ts';

const LOOK_EVERY_MS = 20;

export interface CrashSeriesPlan {
  /** Nodes to choose from, asked anew each time. */
  readonly nodes: () => readonly string[];
  readonly points: readonly string[];
  /** Planned hits. */
  readonly times: number;
  /** Wait before the first is armed, ms. */
  readonly fromMs: number;
  /** A node is armed only once it has been ready this long, ms. */
  readonly sinceReadyMs: number;
  /** Passes of the point that are let go first: at least `skipMin` (default 0), at most `skipMax`, drawn for each hit. */
  readonly skipMin?: number;
  readonly skipMax: number;
  readonly seed: number;
}

export interface CrashHit {
  readonly node: string;
  readonly point: string;
  readonly skip: number;
  /** Unix ms. */
  readonly armedAt: number;
  readonly hitAt: number;
}

export interface CrashSeriesResult {
  readonly planned: number;
  readonly hits: readonly CrashHit[];
  /** Armed when it was stopped, and not reached. */
  readonly armed: {readonly node: string; readonly point: string} | null;
}

export interface CrashSeries {
  /** Settles when all planned hits were made and their nodes are ready again, or when it was stopped. */
  readonly done: Promise<CrashSeriesResult>;
  result(): CrashSeriesResult;
  /** Disarms what is armed. */
  stop(): Promise<CrashSeriesResult>;
  /** Arms a node again that was disarmed for the sake of another series, where this one has armed it. */
  rearm(node: string): Promise<void>;
}

/**
 * Lets nodes kill themselves at named points, one armed at a time, so that every hit is a planned one: waits for the hit, for the node
 * to be ready again, and goes on with the next. Which node, point and number of passes is drawn from the seed.
 */
export function startCrashSeries(
  plan: CrashSeriesPlan,
  tools: {
    readonly nodes: FaultNodes;
    readonly now: () => number;
    readonly onChange?: (result: CrashSeriesResult) => void;
    /** After a node was disarmed, which takes all points of it that are armed, those of other series too. */
    readonly onDisarmed?: (node: string) => Promise<void>;
  },
): CrashSeries {
  const {nodes, now} = tools;
  const random = createRandom(plan.seed, 'crash-points');
  const hits: CrashHit[] = [];
  const readySince = new Map<string, number>();
  let armed: {node: string; point: string; skip: number; armedAt: number} | null = null;
  let reported: CrashHit | undefined;
  let stopped = false;
  let wake = (): void => {};

  const onEvent = ({node, type, point, at}: FaultNodeEvent): void => {
    if (type === 'ready') readySince.set(node, at);
    else readySince.delete(node);
    if (type === 'crash-point' && armed?.node === node && armed.point === point) reported = {...armed, hitAt: at};
    else if (type === 'exited' && armed?.node === node) {
      // A node that says that it dies and lives on was not hit; one that just ended was not hit either, and what was armed is gone with it.
      if (reported !== undefined) hits.push(reported);
      reported = undefined;
      armed = null;
      tools.onChange?.(result());
    }
    wake();
  };

  const result = (): CrashSeriesResult => ({
    planned: plan.times,
    hits: [...hits],
    armed: armed === null ? null : {node: armed.node, point: armed.point},
  });

  /** Woken by events of nodes; looks by itself as well, since time passes without events. */
  const rest = (ms = LOOK_EVERY_MS): Promise<void> =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const isSteady = (node: string): boolean => {
    if (nodes.state(node) !== 'ready') return false;
    // Ready before the series began: that long at least.
    const since = readySince.get(node) ?? startedAt;
    return now() - since >= plan.sinceReadyMs;
  };

  const arm = async (): Promise<void> => {
    const steady = plan.nodes().filter(isSteady);
    if (steady.length === 0) return;
    const next = {
      node: random.pick(steady),
      point: random.pick(plan.points),
      skip: random.integer(plan.skipMin ?? 0, plan.skipMax),
    };
    armed = {...next, armedAt: now()};
    try {
      await nodes.armCrashPoint(next.node, next.point, next.skip);
    } catch {
      // It went away between the look and now; the next look finds another.
      armed = null;
      return;
    }
    tools.onChange?.(result());
  };

  const startedAt = now();
  const unwatch = nodes.watch(onEvent);

  const run = async (): Promise<void> => {
    try {
      while (!stopped && now() - startedAt < plan.fromMs) await rest(Math.max(1, plan.fromMs - (now() - startedAt)));
      while (!stopped && hits.length < plan.times) {
        if (armed === null && plan.nodes().every(node => nodes.state(node) === 'ready')) await arm();
        if (!stopped) await rest(armed === null ? LOOK_EVERY_MS : 10 * LOOK_EVERY_MS);
      }
      while (!stopped && !plan.nodes().every(node => nodes.state(node) === 'ready')) await rest();
    } finally {
      const left = result();
      if (left.armed !== null) {
        await nodes.disarm(left.armed.node).catch(() => {});
        await tools.onDisarmed?.(left.armed.node);
      }
    }
  };

  const done = run()
    // What was hit while it was being disarmed is told by now.
    .then(() => new Promise<void>(resolve => setImmediate(resolve)))
    .then(result)
    .finally(unwatch);
  done.catch(() => {});
  return {
    done,
    result,
    stop: () => {
      stopped = true;
      wake();
      return done;
    },
    rearm: async node => {
      if (armed?.node !== node || stopped) return;
      // One that has gone meanwhile is told of by its end.
      await nodes.armCrashPoint(node, armed.point, armed.skip).catch(() => {});
    },
  };
}

/** The points that a fault arms. */
export function pointsOf({attributes}: Pick<FaultRecord, 'attributes'>): readonly string[] {
  return String(attributes.point).split(',');
}

/** What the record says of it: planned and actual hits, in figures and in words. */
export function crashChange(result: CrashSeriesResult): Required<Pick<FaultRecord, 'effect' | 'hits'>> {
  return {effect: crashEffect(result), hits: {planned: result.planned, actual: result.hits.length}};
}

function crashEffect({planned, hits, armed}: CrashSeriesResult): FaultEffect {
  const list = hits.length === 0 ? '' : `: ${hits.map(({node, point}) => `${node} at ${point}`).join(', ')}`;
  const waits = armed === null ? '' : `; ${armed.node} is armed at ${armed.point}`;
  return {
    verdict: hits.length > 0 ? 'bites' : 'pending',
    observed: `${hits.length} of ${planned} planned hits${list}${waits}`,
  };
}
