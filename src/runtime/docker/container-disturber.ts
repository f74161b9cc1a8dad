import {LabError} from '../../errors.ts';
import {
  type Disturbance,
  type DisturbanceKind,
  type Disturber,
  isDoneByKit,
  type KitKind,
  type NodeMeasure,
} from '../disturbance.ts';
import type {Engine} from './engine.ts';
import {freeCpu, freeMemory, heldBackMs, measureCpu, measureMemory, setLimit} from './limits.ts';
import {clearPackets, measurePackets, setPackets} from './packets.ts';

export interface ContainerPlace {
  readonly engine: Engine;
  readonly container: string;
  readonly session: string;
}

type OnEngine = Exclude<DisturbanceKind, 'skew' | KitKind>;

/** Disturbs a container through the engine; what the kit of a service does, over its control channel. */
export function createContainerDisturber({
  kit,
  node,
  isGone,
  ...place
}: ContainerPlace & {readonly node: string; readonly isGone: () => boolean; readonly kit?: Disturber}): Disturber {
  const needKit = (kind: DisturbanceKind): Disturber => {
    if (kit === undefined)
      throw new LabError('NOT_POSSIBLE_HERE', `${node} runs no service of the lab, so ${kind} cannot be done to it.`);
    return kit;
  };
  const need = (): void => {
    if (isGone()) throw new LabError('NODE_GONE', `${node} is not running.`);
  };
  return {
    set: async disturbance => {
      need();
      if (isOnEngine(disturbance)) await setOnEngine(place, disturbance);
      else await needKit(disturbance.kind).set(disturbance);
    },
    clear: async kind => {
      need();
      return isDoneByKit(kind) ? needKit(kind).clear(kind) : clearOnEngine(place, kind);
    },
    measure: async kind => {
      need();
      return isDoneByKit(kind) ? kit?.measure(kind) : measureOnEngine(place, kind);
    },
  };
}

export function isOnEngine(disturbance: Disturbance): disturbance is Extract<Disturbance, {readonly kind: OnEngine}> {
  return !isDoneByKit(disturbance.kind);
}

export async function setOnEngine(
  place: ContainerPlace,
  disturbance: Extract<Disturbance, {readonly kind: OnEngine}>,
): Promise<void> {
  switch (disturbance.kind) {
    case 'throttle':
    case 'memory':
      return setLimit(place.engine, place.container, disturbance);
    case 'packet-loss':
    case 'ip-partition':
      return setPackets(place, disturbance);
  }
}

/** Makes a container as it was made, whatever was done to it and by whom. Returns what was measured last, where looking is quick. */
export async function clearOnEngine(place: ContainerPlace, kind: OnEngine): Promise<NodeMeasure | undefined> {
  switch (kind) {
    case 'throttle': {
      const last = await heldBackMs(place.engine, place.container).catch(() => undefined);
      await freeCpu(place.engine, place.container);
      return last === undefined ? undefined : {kind, share: undefined, heldBackMs: last};
    }
    case 'memory': {
      const last = await measureMemory(place.engine, place.container).catch(() => undefined);
      await freeMemory(place.engine, place.container);
      return last;
    }
    case 'packet-loss':
    case 'ip-partition':
      return clearPackets(place, kind);
  }
}

async function measureOnEngine({engine, container, session}: ContainerPlace, kind: OnEngine) {
  switch (kind) {
    case 'throttle':
      return measureCpu(engine, container);
    case 'memory':
      return measureMemory(engine, container);
    case 'packet-loss':
    case 'ip-partition':
      return measurePackets({engine, container, session}, kind);
  }
}
