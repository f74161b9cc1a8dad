import {isDeepStrictEqual} from 'node:util';
import {createRandom, type Random} from '../random.ts';
import type {ToxicSpec, ToxicState} from './fabric.ts';
import {TOXICS} from './toxics/registry.ts';
import type {Detach, ToxicDefinition, ToxicHost, ToxicInForce} from './toxics/toxic.ts';

/** A toxic in force, and what it has touched so far. */
export class ActiveToxic {
  readonly definition: ToxicDefinition;
  /** Where it stands among all: in the order in which toxics were put on. */
  readonly place: number;
  #spec: ToxicSpec;
  readonly #appliedAt: number;
  readonly #shared = new Map<string, Random>();
  readonly #counts = new Map<string, number>();
  #connections = 0;
  #actions = 0;

  constructor(spec: ToxicSpec, appliedAt: number, place: number) {
    this.#spec = spec;
    this.place = place;
    this.definition = TOXICS[spec.kind];
    this.#appliedAt = appliedAt;
  }

  get spec(): ToxicSpec {
    return this.#spec;
  }

  /** Other attributes, toxicity or end of the same toxic. It keeps its draws; with other attributes it counts anew. */
  update(spec: ToxicSpec): void {
    if (!isDeepStrictEqual(spec.attributes, this.#spec.attributes)) this.#counts.clear();
    this.#spec = spec;
  }

  applies(proxy: string, key: string): boolean {
    return selects(this.#spec, proxy, key);
  }

  /**
   * Puts it on a connection unless the draw spares that. Returns what takes it off. Probes feel it and are not counted; `again`: it was on
   * that connection a moment ago.
   */
  attach(host: ToxicHost & {readonly probe: boolean}, again = false): Detach | undefined {
    if (!this.applies(host.proxy, host.key)) return undefined;
    if (!host.probe && !again) this.#connections++;
    return this.definition.attach(host, host.probe ? this.#forProbes : this.#forTraffic);
  }

  state(): ToxicState {
    return {
      ...this.#spec,
      appliedAt: this.#appliedAt,
      touched: {connections: this.#connections, actions: this.#actions},
    };
  }

  readonly #forTraffic: ToxicInForce = this.#inForce('', () => {
    this.#actions++;
  });

  /** Draws of their own, so that a probe never shifts what traffic gets. */
  readonly #forProbes: ToxicInForce = this.#inForce('probe/', () => {});

  #inForce(prefix: string, acted: () => void): ToxicInForce {
    const toxic = this;
    return {
      get id() {
        return toxic.spec.id;
      },
      get attributes() {
        return toxic.spec.attributes;
      },
      random: name => createRandom(toxic.spec.seed, `${prefix}${name}`),
      sharedRandom: name => toxic.#sharedRandom(`${prefix}${name}`),
      countsUpTo: (times, name) => toxic.#countsUpTo(times, `${prefix}${name}`),
      acted,
    };
  }

  #countsUpTo(times: number, name: string): boolean {
    if (times === 0) return true;
    const count = this.#counts.get(name) ?? 0;
    if (count >= times) return false;
    this.#counts.set(name, count + 1);
    return true;
  }

  #sharedRandom(name: string): Random {
    const random = this.#shared.get(name) ?? createRandom(this.#spec.seed, name);
    this.#shared.set(name, random);
    return random;
  }
}

/** A pure function of the toxic's seed and the connection: whatever else comes and goes, the answer stays the same. */
export function selects(spec: Pick<ToxicSpec, 'seed' | 'toxicity'>, proxy: string, key: string): boolean {
  if (spec.toxicity >= 1) return true;
  if (spec.toxicity <= 0) return false;
  return createRandom(spec.seed, `${proxy}/${key}`).next() < spec.toxicity;
}
