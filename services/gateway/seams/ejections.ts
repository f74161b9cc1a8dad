import type {Clock} from '../../kit/clock.ts';

/** How a request to a node ended. `unsent`: the node cannot be reached; `unclear`: it says nothing about the node. */
export type NodeOutcome = 'ok' | 'failed' | 'unsent' | 'unclear';

/** Keeps away from nodes that fail, and finds out by single requests when that is over. */
export interface Ejections {
  /**
   * The nodes in the order in which they were given, those to keep away from last. A node whose time is over stays among these, too, for
   * requests that must not be risked to find out whether it is well.
   */
  order(nodes: readonly string[], mayBeRisked: boolean): readonly string[];
  /** Begins a request to a node; returns how to tell its outcome. */
  begin(node: string): (outcome: NodeOutcome) => void;
}

/** Failures in a row that eject a node; one is enough where it cannot be reached. */
const FAILURES_MAX = 3;
/** The first time; each trial that fails doubles it up to the longest. */
const EJECTED_MIN_MS = 1_000;
const EJECTED_MAX_MS = 30_000;
/** Where more than this share of the nodes fails, it is not the nodes: nobody is kept away from (as Envoy's panic threshold has it). */
const PANIC_SHARE = 0.5;
/** A trial that nobody has told the outcome of is given up after this time. */
const TRIAL_LOST_MS = 5_000;

interface Health {
  failures: number;
  /** In a row; 0: it is well. */
  ejections: number;
  /** Until when it is kept away from, on the monotonic clock. */
  until: number;
  /** Requests that were begun before it was ejected, or found to be well, tell nothing about it after that. */
  era: number;
}

/** `say` is told of every ejection. */
export function createEjections(clock: Clock, say: (node: string, forMs: number) => void = () => undefined): Ejections {
  const healths = new Map<string, Health>();

  function healthOf(node: string): Health {
    const health = healths.get(node) ?? {failures: 0, ejections: 0, until: 0, era: 0};
    healths.set(node, health);
    return health;
  }

  function eject(node: string, health: Health): void {
    const forMs = Math.min(EJECTED_MAX_MS, EJECTED_MIN_MS * 2 ** health.ejections);
    health.ejections += 1;
    health.failures = 0;
    health.era += 1;
    health.until = clock.monotonic() + forMs;
    say(node, forMs);
  }

  function tell(node: string, health: Health, outcome: NodeOutcome): void {
    const isTrial = health.ejections > 0;
    if (outcome === 'ok')
      Object.assign(health, {failures: 0, ejections: 0, until: 0, era: health.era + (isTrial ? 1 : 0)});
    else if (outcome === 'unclear') health.until = isTrial ? clock.monotonic() : health.until;
    else {
      health.failures += 1;
      if (outcome === 'unsent' || isTrial || health.failures >= FAILURES_MAX) eject(node, health);
    }
  }

  return {
    order(nodes, mayBeRisked) {
      const keptAway = nodes.filter(node => {
        const health = healths.get(node);
        return health !== undefined && health.ejections > 0 && (!mayBeRisked || health.until > clock.monotonic());
      });
      if (keptAway.length > PANIC_SHARE * nodes.length) return nodes;
      return [...nodes.filter(node => !keptAway.includes(node)), ...keptAway];
    },
    begin(node) {
      const health = healthOf(node);
      const {era} = health;
      // Others stay away until the outcome of this one is known.
      if (health.ejections > 0) health.until = Math.max(health.until, clock.monotonic() + TRIAL_LOST_MS);
      return outcome => {
        if (era === health.era) tell(node, health, outcome);
      };
    },
  };
}
