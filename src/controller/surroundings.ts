import {LabError} from '../errors.ts';
import {accessUrl} from '../runtime/access-url.ts';
import type {LinkAddress, Runtime} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';
import {calledAs} from '../topology/modules.ts';
import {ownDatabase} from '../topology/own-database.ts';
import type {Plan, PlannedNode, PlannedProxy} from '../topology/plan.ts';
import {guestAccess} from './guests.ts';
import type {Mesh} from './mesh.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** By the name of a service, where its instances are reached. */
  readonly links: Readonly<Record<string, readonly LinkAddress[]>>;
}

export interface SurroundingsTools {
  readonly plan: Plan;
  readonly runtime: Runtime;
  readonly mesh: Mesh;
  /** Where the fabric listens for a proxy. */
  readonly addressOf: (proxy: PlannedProxy) => Address;
}

/** What a node has to know of those whom it calls: its database, the broker, other services; all of them over its links. */
export function surroundings(node: PlannedNode, {plan, runtime, mesh, addressOf}: SurroundingsTools): Surroundings {
  const env: Record<string, string> = {};
  const links: Record<string, readonly LinkAddress[]> = {};
  const others: Record<string, string> = {};
  const database = ownDatabase(plan.topology, node.service);
  for (const proxy of plan.proxies.filter(candidate => candidate.from === node.name)) {
    const address = addressOf(proxy);
    const callee = plan.nodes.find(candidate => candidate.name === proxy.to);
    if (callee === undefined) throw new LabError('INTERNAL', `The link ${proxy.name} leads nowhere.`);
    if (callee.kind === 'service') {
      if (node.sidecar !== undefined) continue;
      for (const name of calledAs(callee)) links[name] = [...(links[name] ?? []), {node: callee.name, address}];
    } else if (callee.kind === 'broker') {
      env.BROKER_URL = accessUrl(runtime.broker(callee.name), address);
      env.BROKER_NODE = callee.name;
    } else if (callee.name === database) {
      env.DATABASE_URL = accessUrl(runtime.postgres(callee.name), address);
      env.DATABASE_NODE = callee.name;
    } else if (database !== undefined) {
      const guest = guestAccess(runtime.postgres(database), runtime.postgres(callee.name));
      others[callee.name] = accessUrl(guest, address);
    }
  }
  if (node.sidecarOf !== undefined) Object.assign(env, mesh.environment(plan, node));
  if (node.sidecar !== undefined) Object.assign(links, mesh.links(plan, node));
  if (Object.keys(others).length > 0) env.OTHER_DATABASES = JSON.stringify(others);
  return {env, links};
}
