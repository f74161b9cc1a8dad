import {LabError} from '../errors.ts';
import type {Address} from '../topology/address.ts';
import {type ControlChannel, skewWithin} from './control-channel.ts';
import type {Disturber} from './disturbance.ts';
import {measureClock} from './measure-clock.ts';
import type {NodeExit} from './runtime.ts';

/** Puts the clock of a service wrong over its control channel: the same on every runtime, since services read time through the kit. */
export function createClockDisturber({
  node,
  address,
  control,
  exited,
}: {
  readonly node: string;
  readonly address: Address;
  /** Throws when the node is gone. */
  readonly control: () => ControlChannel;
  readonly exited: Promise<NodeExit>;
}): Disturber {
  const notHere = (kind: string): LabError =>
    new LabError('NOT_POSSIBLE_HERE', `${kind} cannot be done to ${node} on this runtime.`);
  return {
    set: async disturbance => {
      if (disturbance.kind !== 'skew') throw notHere(disturbance.kind);
      const {offsetMs, drift} = disturbance;
      await skewWithin(control(), exited, {node, offsetMs, drift});
    },
    clear: async kind => {
      if (kind !== 'skew') throw notHere(kind);
      await skewWithin(control(), exited, {node, offsetMs: 0, drift: 0});
      return undefined;
    },
    measure: async kind => (kind === 'skew' ? measureClock(node, address) : undefined),
  };
}
