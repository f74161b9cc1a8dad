import {instanceKey, REGISTRY_SPACE} from '../../services/kit/registry.ts';
import type {LabTools, TimedAct, TimedFault} from '../../src/labs/lab.ts';

/** Moments of the attack, in ms after the load began. */
export const DROPS_AT_MS = 1_000;
export const DEATH_AT_MS = 2_500;
export const JOIN_AT_MS = 500;
export const SILENCE_AT_MS = 6_500;
export const SILENCE_FOR_MS = 7_000;
export const EMPTY_AT_MS = 14_000;
export const EMPTY_FOR_MS = 2_500;
/** An operator takes one out, and a delayed writer brings the dead one back. */
export const CHANGES_AT_MS = 20_000;
export const END_MS = 25_500;

export const LATE_NODE = 'identity-4';
export const FIRST_NODES = ['identity-1', 'identity-2', 'identity-3'] as const;

/** Who plays which part, drawn. */
export interface Parts {
  /** Its machine dies: it answers nothing any more, and refuses nothing. */
  readonly dead: string;
  /** An operator takes it out of service. */
  readonly retired: string;
}

export function drawParts({random}: LabTools): Parts {
  const [dead = '', retired = ''] = random.shuffle(FIRST_NODES);
  return {dead, retired};
}

/** Settles when the registry knows the first three; whoever asks it from now on is told so. */
export async function registered(tools: LabTools): Promise<boolean> {
  const keys = await (await tools.space(REGISTRY_SPACE)).keys(instanceKey('identity', ''));
  return FIRST_NODES.every(node => keys.includes(instanceKey('identity', node)));
}

export function timetable(tools: LabTools, {dead, retired}: Parts): readonly (TimedFault | TimedAct)[] {
  return [
    {
      kind: 'drop-reply',
      target: 'gateway->identity',
      attributes: {probability: 0.15, match: {method: 'POST', path: '/v1/accounts'}},
      atMs: DROPS_AT_MS,
      forMs: END_MS - DROPS_AT_MS,
    },
    {kind: 'act', name: `${LATE_NODE} is started`, atMs: JOIN_AT_MS, act: () => tools.startNode(LATE_NODE)},
    {kind: 'blackhole', target: `gateway->${dead}`, atMs: DEATH_AT_MS, forMs: END_MS - DEATH_AT_MS},
    {kind: 'blackhole', target: `${dead}->broker`, atMs: DEATH_AT_MS, forMs: END_MS - DEATH_AT_MS},
    {kind: 'blackhole', target: 'gateway->broker', atMs: SILENCE_AT_MS, forMs: SILENCE_FOR_MS},
    {kind: 'act', name: 'a clean-up empties the registry', atMs: EMPTY_AT_MS, act: () => keepEmpty(tools)},
    {
      kind: 'act',
      name: `${retired} is taken out of service, and an old list brings ${dead} back`,
      atMs: CHANGES_AT_MS,
      act: () => changeRegistry(tools, {dead, retired}),
    },
  ];
}

const EMPTY_AGAIN_EVERY_MS = 100;

/** Instances register again within seconds; until the clean-up is over they are removed again. */
async function keepEmpty(tools: LabTools): Promise<void> {
  const space = await tools.space(REGISTRY_SPACE);
  const until = Date.now() + EMPTY_FOR_MS;
  while (Date.now() < until) {
    for (const key of await space.keys(instanceKey('identity', ''))) await space.delete(key);
    await new Promise(resolve => setTimeout(resolve, EMPTY_AGAIN_EVERY_MS));
  }
}

async function changeRegistry(tools: LabTools, {dead, retired}: Parts): Promise<void> {
  const space = await tools.space(REGISTRY_SPACE);
  const ttlMs = 60_000;
  await space.put(instanceKey('identity', retired), {node: retired, ttlMs, out: true});
  await space.put(instanceKey('identity', dead), {node: dead, ttlMs});
  // One of last year's, which nobody has a way to.
  await space.put(instanceKey('identity', 'identity-7'), {node: 'identity-7', ttlMs});
}
