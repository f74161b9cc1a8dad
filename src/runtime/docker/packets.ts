import {LabError} from '../../errors.ts';
import type {Disturbance, NodeMeasure, PacketDirection} from '../disturbance.ts';
import {type Engine, engineError} from './engine.ts';
import type {Ran} from './exec.ts';
import {runInNetworkOf} from './helper.ts';
import {LAB_LABEL, ofSession, ROLE_LABEL} from './labels.ts';

export type PacketFault = Extract<Disturbance, {kind: 'packet-loss' | 'ip-partition'}>;

export interface PacketPlace {
  readonly engine: Engine;
  readonly container: string;
  readonly session: string;
}

/** Packets are drawn by ten-thousandths. */
const PARTS = 10_000;

/** Puts packet rules in force in the network of a container: one table of our own per kind, replaced in one step. Errors: NOT_POSSIBLE_HERE. */
export async function setPackets(place: PacketPlace, fault: PacketFault): Promise<void> {
  const table = tableOf(fault.kind);
  const ran = await run(place, `nft '${rules(table, fault, await labOf(place))}'`);
  if (ran.code === 0) return;
  throw new LabError(
    'NOT_POSSIBLE_HERE',
    `${fault.kind} is not possible on this engine: its kernel refuses the packet rules (${ran.errors.trim().split('\n')[0] ?? ''}).`,
  );
}

/** Removes our table, and says what it has counted. Docker's own rules, which answer names, stay. Errors: FAULT_FAILED. */
export async function clearPackets(place: PacketPlace, kind: PacketFault['kind']): Promise<NodeMeasure> {
  const table = tableOf(kind);
  // Added first, so that it is no error when there is none.
  const ran = await run(
    place,
    `nft list table inet ${table} 2>/dev/null; nft 'add table inet ${table}; delete table inet ${table}'`,
  );
  if (ran.code !== 0)
    throw new LabError('FAULT_FAILED', `The packet rules of ${kind} could not be removed: ${ran.errors.trim()}`);
  return counted(kind, ran.output);
}

export async function measurePackets(place: PacketPlace, kind: PacketFault['kind']): Promise<NodeMeasure> {
  return counted(kind, (await run(place, `nft list table inet ${tableOf(kind)}`)).output);
}

/** Names of all tables in the network of a container. */
export async function tablesIn(place: PacketPlace): Promise<readonly string[]> {
  const {output} = await run(place, 'nft list tables');
  return output.split('\n').filter(line => line !== '');
}

async function run({engine, container, session}: PacketPlace, script: string): Promise<Ran> {
  const image = await imageOf({engine, container, session});
  const ran = await runInNetworkOf(engine, {container, session, image}, script);
  if (ran.code === 127)
    throw new LabError(
      'NOT_POSSIBLE_HERE',
      'The image of teralab has no `nft`: it could not be fetched when the image was built.',
    );
  return ran;
}

/**
 * The agent's, which has `nft`; asked for each time, so that whoever undoes something later needs to know no more than the session. On
 * another machine than the agent's there are services alone, which have the same.
 */
async function imageOf({engine, container, session}: PacketPlace): Promise<string> {
  const containers = await engine.listContainers({all: true, ...ofSession(session)}).catch(error => {
    throw engineError(error, "the session's containers could not be listed");
  });
  const agent = containers.find(({Labels: labels}) => labels[ROLE_LABEL] === 'agent');
  const other = agent ?? containers.find(({Id}) => Id === container);
  if (other === undefined) throw new LabError('FAULT_FAILED', 'The agent of this session is not there any more.');
  return other.ImageID;
}

function tableOf(kind: PacketFault['kind']): string {
  return `teralab_${kind.replace('-', '_')}`;
}

/**
 * What comes from the network's gateway, or from where a label says, is the lab itself, past all links: its probes and its reads are not traffic. What a node says to
 * itself, names among it, is none either.
 */
function rules(table: string, fault: PacketFault, from: string | undefined): string {
  const verdict = verdictOf(fault);
  const chain = (hook: 'input' | 'output'): string => {
    const [face, end] = hook === 'input' ? ['iifname', 'saddr'] : ['oifname', 'daddr'];
    const lab = from === undefined ? '' : `ip ${end} ${from} accept`;
    return `chain ${hook} {
type filter hook ${hook} priority -150; policy accept;
${face} "lo" accept
${lab}
counter name "seen"
${verdict}
}`;
  };
  const hooks = hooksOf(fault.direction).map(chain).join('\n');
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
counter seen { packets 0 bytes 0 }
counter dropped { packets 0 bytes 0 }
${hooks}
}`;
}

function verdictOf(fault: PacketFault): string {
  const count = 'counter name "dropped"';
  const parts = fault.kind === 'packet-loss' ? Math.round(fault.loss * PARTS) : PARTS;
  // The kernel takes no comparison that is always true, or never.
  if (parts === 0) return '';
  if (parts < PARTS) return `numgen random mod ${PARTS} < ${parts} ${count} drop`;
  if (fault.kind === 'packet-loss' || fault.mode === 'drop') return `${count} drop`;
  return `meta l4proto tcp ${count} reject with tcp reset\n${count} reject with icmpx admin-prohibited`;
}

function hooksOf(direction: PacketDirection): readonly ('input' | 'output')[] {
  if (direction === 'both') return ['input', 'output'];
  return direction === 'in' ? ['input'] : ['output'];
}

/** Where the lab's own packets come from. */
async function labOf({engine, container}: PacketPlace): Promise<string | undefined> {
  try {
    const {Config: config, NetworkSettings: settings} = await engine.getContainer(container).inspect();
    const gateway = Object.values(settings.Networks ?? {}).find(({Gateway}) => Gateway !== '')?.Gateway;
    return config.Labels[LAB_LABEL] ?? gateway;
  } catch (error) {
    throw engineError(error, 'the network of a container could not be looked at');
  }
}

function counted(kind: PacketFault['kind'], listing: string): NodeMeasure {
  const packets = (name: string): number =>
    Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(listing)?.[1] ?? 0);
  return {kind, inForce: listing.includes('table inet'), seen: packets('seen'), dropped: packets('dropped')};
}
