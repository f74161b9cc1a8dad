import type {Random} from '../../random.ts';
import type {ToxicAttributes} from '../fabric.ts';
import {type Item, LANE_HELD_MAX_BYTES, type Stage, type StageLane} from '../lane.ts';
import {EARLY_MAX_MS} from './paced-stage.ts';
import {onLanes, type ToxicDefinition, wholeMs} from './toxic.ts';

export const DISTRIBUTIONS = ['uniform', 'normal', 'pareto'] as const;

/**
 * Delays every chunk, and closings, and keeps their order. A jitter larger than the latency ends at 0. Measured error on a machine with
 * two cores, 100 connections: p50 below 1 ms, never early by more than 0.4 ms; a busy machine adds to it.
 */
export const latency: ToxicDefinition = {
  kind: 'latency',
  attributes: {
    latency: wholeMs('delay of each chunk'),
    jitter: wholeMs('how much the delay varies; never below 0'),
    distribution: {type: 'choice', values: DISTRIBUTIONS, default: 'uniform', meaning: 'of the jitter'},
  },
  attach(host, toxic) {
    return onLanes(host, lane => {
      const drawDelay = delays(toxic.attributes, () => toxic.random(`${host.proxy}/${host.key}/${lane.name}`));
      return new LatencyStage(lane, drawDelay, toxic.acted);
    });
  },
};

/** Shape of the Pareto distribution: heavy in its tail, with a finite variance. */
const PARETO_SHAPE = 3;
const PARETO_JITTERS_MAX = 50;

/**
 * Draws delays in ms: `uniform` in latency ± jitter; `normal` around latency with the standard deviation jitter; `pareto`: at least
 * latency, on top of it a heavy tail (Lomax, shape 3) whose mean is jitter. Never below 0.
 */
export function delays(attributes: ToxicAttributes, makeRandom: () => Random): () => number {
  const base = Number(attributes.latency);
  const jitter = Number(attributes.jitter);
  if (jitter === 0) return () => base;
  const random = makeRandom();
  switch (attributes.distribution) {
    case 'normal':
      return () => Math.max(0, base + jitter * standardNormal(random));
    case 'pareto':
      return () =>
        base +
        jitter * Math.min(PARETO_JITTERS_MAX, (PARETO_SHAPE - 1) * ((1 - random.next()) ** (-1 / PARETO_SHAPE) - 1));
    default:
      return () => Math.max(0, base + jitter * (2 * random.next() - 1));
  }
}

/** Box and Muller, 1958. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

class LatencyStage implements Stage {
  readonly heldMaxBytes = LANE_HELD_MAX_BYTES;
  readonly #lane: StageLane;
  readonly #drawDelay: () => number;
  readonly #acted: () => void;
  #queue: {readonly dueAt: number; readonly item: Item}[] = [];
  #first = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(lane: StageLane, drawDelay: () => number, acted: () => void) {
    this.#lane = lane;
    this.#drawDelay = drawDelay;
    this.#acted = acted;
  }

  get queued(): number {
    return this.#queue.length - this.#first;
  }

  push(item: Item): void {
    const now = performance.now();
    this.#lastDueAt = Math.max(this.#lastDueAt, now + this.#drawDelay());
    this.#queue.push({dueAt: this.#lastDueAt, item});
    this.#acted();
    if (this.#timer === undefined) this.#arm(now);
  }

  release(): void {
    this.#stopTimer();
    this.#passDue(Number.POSITIVE_INFINITY);
  }

  discard(): void {
    this.#stopTimer();
    this.#queue = [];
    this.#first = 0;
  }

  #arm(now: number): void {
    const next = this.#queue[this.#first];
    if (next === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#passDue(performance.now() + EARLY_MAX_MS);
        this.#arm(performance.now());
      },
      Math.max(1, Math.ceil(next.dueAt - now - EARLY_MAX_MS)),
    );
  }

  #passDue(until: number): void {
    for (
      let next = this.#queue[this.#first];
      next !== undefined && next.dueAt <= until;
      next = this.#queue[this.#first]
    ) {
      this.#first++;
      this.#lane.passOn(next.item);
    }
    // What was passed on is cut off now and then, not each time: that would move the whole queue.
    if (this.#first === this.#queue.length || this.#first > 1024) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
