import {LabError} from '../errors.ts';
import {createRandom} from '../random.ts';
import type {Plan, PlannedProxy} from '../topology/plan.ts';
import {CLIENT, linkName} from '../topology/topology.ts';
import type {FaultInfo} from './catalogue.ts';
import {didYouMean} from './check-request.ts';
import {drawShapedCut, isShaped} from './shaped-cut.ts';

/** What a target means in the running system. */
export interface ResolvedTarget {
  /** As asked for; what was drawn, in the place of `random`. */
  readonly target: string;
  /** Nodes that a node fault acts upon; none otherwise. */
  readonly nodes: readonly string[];
  /** Proxies that a link fault or a cut acts upon; none otherwise. */
  readonly proxies: readonly PlannedProxy[];
  /** Of a cut: names of the proxies that lead into the (first) set; the others lead out of it. */
  readonly inbound: ReadonlySet<string>;
  /** Of a cut whose sides are drawn: who is on which, in words. */
  readonly shape?: string;
}

const NONE: ReadonlySet<string> = new Set();

/** Finds the nodes or proxies that a target names. Errors: UNKNOWN_TARGET, NOT_POSSIBLE_HERE. */
export function resolveTarget(info: FaultInfo, rawTarget: string, seed: number, plan: Plan): ResolvedTarget {
  const asked = rawTarget.trim();
  const target = asked === 'random' ? drawTarget(info, seed, plan) : asked;
  if (target === '') throw new LabError('UNKNOWN_TARGET', `${info.kind} needs a target: ${info.targets}.`);
  switch (info.acts) {
    case 'links':
      return {target, nodes: [], proxies: resolveLinks(info, target, plan), inbound: NONE};
    case 'cut':
      return {target, nodes: [], ...resolveCut(info, target, seed, plan)};
    case 'nodes':
      return {target, nodes: resolveNodes(info, target, plan), proxies: [], inbound: NONE};
  }
}

/** Proxies that lead to a node: where its effect on others shows. */
export function proxiesInto(nodes: readonly string[], plan: Plan): readonly string[] {
  return plan.proxies.filter(({to}) => nodes.includes(to)).map(({name}) => name);
}

function resolveLinks(info: FaultInfo, target: string, plan: Plan): readonly PlannedProxy[] {
  const named = new Set(target.split(',').flatMap(part => linksOf(part.trim(), plan)));
  const proxies = plan.proxies.filter(
    proxy => named.has(proxy) && (info.httpOnly !== true || proxy.protocol === 'http'),
  );
  if (proxies.length === 0) {
    throw new LabError(
      'NOT_POSSIBLE_HERE',
      `${info.kind} works on HTTP links only, and ${target} names ${[...named].map(({name}) => name).join(', ')}.`,
    );
  }
  return proxies;
}

function linksOf(target: string, plan: Plan): readonly PlannedProxy[] {
  const [rawFrom, rawTo, ...rest] = target.split('->');
  if (rest.length > 0)
    throw new LabError('UNKNOWN_TARGET', `"${target}" is no link: a link is written caller->callee.`);
  const isLink = rawTo !== undefined;
  const from = isLink ? namesOf(rawFrom ?? '', plan, true) : undefined;
  const to = namesOf(rawTo ?? rawFrom ?? '', plan, isLink);
  const proxies = plan.proxies.filter(proxy => (from === undefined || from.has(proxy.from)) && to.has(proxy.to));
  if (proxies.length === 0) {
    const links = plan.topology.links.map(linkName);
    const missing = isLink ? `There is no link ${target}.` : `No link leads to ${target}.`;
    throw new LabError('UNKNOWN_TARGET', `${missing}${didYouMean(target, links)} The links are ${links.join(', ')}.`);
  }
  return proxies;
}

function resolveNodes(info: FaultInfo, target: string, plan: Plan): readonly string[] {
  refuseLinks(info, target);
  const names = setOf(target, plan);
  if (names.has(CLIENT))
    throw new LabError(
      'NOT_POSSIBLE_HERE',
      `${CLIENT} stands for whoever calls from outside: there is no such node to ${info.kind}.`,
    );
  const nodes = plan.nodes.filter(({name}) => names.has(name));
  const wrong = info.servicesOnly === true ? nodes.find(({kind}) => kind !== 'service') : undefined;
  if (wrong !== undefined)
    throw new LabError(
      'NOT_POSSIBLE_HERE',
      `${info.kind} works on services of the lab only, and ${wrong.name} is a ${wrong.kind}${info.servicesOnlyWhy === undefined ? '' : `: ${info.servicesOnlyWhy}`}.`,
    );
  return nodes.map(({name}) => name);
}

function resolveCut(
  info: FaultInfo,
  target: string,
  seed: number,
  plan: Plan,
): Pick<ResolvedTarget, 'proxies' | 'inbound' | 'shape'> {
  refuseLinks(info, target);
  if (isShaped(info.kind)) return {...drawShapedCut(info.kind, namedIn(info, target, plan), seed, plan), inbound: NONE};
  const [rawInside = '', rawOutside, ...rest] = target.split('|');
  if (rest.length > 0 || (rawOutside !== undefined && info.kind !== 'partition')) {
    throw new LabError('UNKNOWN_TARGET', `"${target}" is no target of ${info.kind}: ${info.targets}.`);
  }
  const inside = setOf(rawInside, plan);
  const outside = rawOutside === undefined ? undefined : setOf(rawOutside, plan);
  const both = outside === undefined ? undefined : [...inside].find(name => outside.has(name));
  if (both !== undefined) throw new LabError('BAD_VALUE', `${both} is on both sides of ${target}.`);
  const isOutside = (name: string): boolean => (outside === undefined ? !inside.has(name) : outside.has(name));
  const proxies = plan.proxies.filter(
    ({from, to}) => (inside.has(from) && isOutside(to)) || (inside.has(to) && isOutside(from)),
  );
  if (proxies.length === 0)
    throw new LabError('NOT_POSSIBLE_HERE', `No link crosses ${target}, so there is nothing to cut.`);
  return {proxies, inbound: new Set(proxies.filter(({to}) => inside.has(to)).map(({name}) => name))};
}

/** In the order of the plan, so that the order of the words does not change what a seed draws. */
function namedIn(info: FaultInfo, target: string, plan: Plan): readonly string[] {
  if (target.includes('|'))
    throw new LabError('UNKNOWN_TARGET', `"${target}" is no target of ${info.kind}: ${info.targets}.`);
  const names = setOf(target, plan);
  return [CLIENT, ...plan.nodes.map(({name}) => name)].filter(name => names.has(name));
}

function refuseLinks(info: FaultInfo, target: string): void {
  if (target.includes('->'))
    throw new LabError(
      'UNKNOWN_TARGET',
      `${info.kind} acts on ${info.acts === 'cut' ? 'sets of nodes' : 'nodes'}, and "${target}" is a link. Its targets: ${info.targets}.`,
    );
}

function setOf(list: string, plan: Plan): ReadonlySet<string> {
  return new Set(list.split(',').flatMap(name => [...namesOf(name.trim(), plan, false)]));
}

/** The node of this name, or the nodes of the service of this name. */
function namesOf(name: string, plan: Plan, wildcard: boolean): ReadonlySet<string> {
  const nodes = plan.nodes.map(node => node.name);
  if (wildcard && name === '*') return new Set([...nodes, CLIENT]);
  if (name === CLIENT || nodes.includes(name)) return new Set([name]);
  const ofService = plan.nodes.filter(node => node.service === name).map(node => node.name);
  if (ofService.length > 0) return new Set(ofService);
  const known = [...new Set([...plan.nodes.map(node => node.service), ...nodes])];
  throw new LabError('UNKNOWN_TARGET', `There is no node or service "${name}".${didYouMean(name, known)}`);
}

function drawTarget(info: FaultInfo, seed: number, plan: Plan): string {
  const random = createRandom(seed, 'target');
  if (info.acts === 'links') {
    const links = plan.topology.links.filter(({protocol}) => info.httpOnly !== true || protocol === 'http');
    return random.pick(links.map(linkName));
  }
  // Of a cut whose sides are drawn the nodes are: all of them take part.
  if (isShaped(info.kind)) return plan.nodes.map(({name}) => name).join();
  const nodes = plan.nodes.filter(({kind}) => info.servicesOnly !== true || kind === 'service');
  return random.pick(nodes.map(({name}) => name));
}
