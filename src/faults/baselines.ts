import type {Fabric} from '../fabric/fabric.ts';
import {type Probes, takeProbes} from './effect.ts';
import type {ProbePlan} from './probe-plan.ts';

const TIMEOUT_MS = 300;
const FRESH_MS = 120_000;

/** Round trips of links without a fault. */
export interface Baselines {
  /** Probes now; takes up to 300 ms on a link that does not answer. */
  take(plan: ProbePlan): Promise<Probes>;
  /** One quick probe beside other work: `current` is its answer, or else what was last known, and never later than it is asked for. */
  glance(plan: ProbePlan): {current(): Probes | undefined};
  remember(plan: ProbePlan, probes: Probes): void;
}

export function createBaselines(fabric: Fabric, now: () => number): Baselines {
  const known = new Map<string, {readonly probes: Probes; readonly at: number}>();
  const keyOf = ({proxies, look}: ProbePlan): string => `${proxies.join()} ${JSON.stringify(look)}`;
  const remember = (plan: ProbePlan, probes: Probes): void => {
    known.set(keyOf(plan), {probes, at: now()});
  };
  return {
    take: plan => takeProbes(fabric, {...plan, count: Math.min(3, plan.count), timeoutMs: TIMEOUT_MS}),
    glance: plan => {
      const earlier = known.get(keyOf(plan));
      let probes = earlier !== undefined && now() - earlier.at < FRESH_MS ? earlier.probes : undefined;
      const glanced = takeProbes(fabric, {...plan, count: 1, timeoutMs: TIMEOUT_MS}).then(result => {
        probes = result;
      });
      glanced.catch(() => {});
      return {current: () => probes};
    },
    remember,
  };
}
