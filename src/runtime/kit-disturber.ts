import {LabError} from '../errors.ts';
import type {Address} from '../topology/address.ts';
import {type ControlChannel, type OrderState, skewWithin, tellWithin} from './control-channel.ts';
import {type Disturber, isKitKind, type KitKind, type NodeMeasure} from './disturbance.ts';
import {calmOrder, orderOf} from './kit-orders.ts';
import {measureClock} from './measure-clock.ts';
import {measureLoop} from './measure-loop.ts';
import type {NodeExit} from './runtime.ts';

/** A loop is watched for a little more than one of its periods, and no longer than this (ms). */
const LOOP_MS_MIN = 300;
const LOOP_MS_MAX = 3_000;

export interface KitPlace {
  readonly node: string;
  readonly address: Address;
  /** Throws when the node is gone. */
  readonly control: () => ControlChannel;
  readonly exited: Promise<NodeExit>;
  /** What the system says that the node uses; undefined when it is gone. */
  readonly stats: () => Promise<{readonly rssBytes: number} | undefined>;
}

/** Disturbs a service over its control channel: the same on every runtime, since the kit does the work. */
export function createKitDisturber(place: KitPlace): Disturber {
  const {node, address, control, exited} = place;
  let periodMs = 0;
  const notHere = (kind: string): LabError =>
    new LabError('NOT_POSSIBLE_HERE', `${kind} cannot be done to ${node} on this runtime.`);
  const ask = async (kind: KitKind, command: object): Promise<OrderState> => {
    const channel = control();
    return tellWithin(channel.order(kind, command), exited, {node, kind});
  };
  return {
    set: async disturbance => {
      if (disturbance.kind === 'skew') {
        const {offsetMs, drift} = disturbance;
        await skewWithin(control(), exited, {node, offsetMs, drift});
        return;
      }
      if (!('endsAt' in disturbance)) throw notHere(disturbance.kind);
      if (disturbance.kind === 'busy') ({periodMs} = disturbance);
      await ask(disturbance.kind, orderOf(disturbance, Date.now()));
    },
    clear: async kind => {
      if (kind === 'skew') {
        await skewWithin(control(), exited, {node, offsetMs: 0, drift: 0});
        return undefined;
      }
      if (!isKitKind(kind)) throw notHere(kind);
      // How much memory it used at last: afterwards it is given back.
      const stats = kind === 'leak' ? await place.stats() : undefined;
      const last = await ask(kind, calmOrder(kind));
      return kind === 'busy' ? undefined : asMeasure(kind, last, stats?.rssBytes);
    },
    measure: async kind => {
      if (kind === 'skew') return measureClock(node, address);
      if (!isKitKind(kind)) return undefined;
      if (kind === 'busy') return measureLoop(address, Math.min(Math.max(LOOP_MS_MIN, 1.2 * periodMs), LOOP_MS_MAX));
      const state = await ask(kind, {type: 'count', kind});
      return asMeasure(kind, state, kind === 'leak' ? (await place.stats())?.rssBytes : undefined);
    },
  };
}

function asMeasure(
  kind: Exclude<KitKind, 'busy'>,
  {inForce, seen, affected, note}: OrderState,
  usedBytes: number | undefined,
): NodeMeasure | undefined {
  const because = note === undefined ? {} : {note};
  if (kind !== 'leak') return {kind, inForce, deliveries: seen, affected, ...because};
  // What it said at last is what it held before it was over.
  return usedBytes === undefined ? undefined : {kind, usedBytes, heldBytes: inForce ? affected : 0, ...because};
}
