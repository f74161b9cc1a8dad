import {LabError} from '../errors.ts';
import type {LinkAddress, Runtime, RuntimeName} from '../runtime/runtime.ts';
import type {Address} from '../topology/address.ts';
import {calledAs} from '../topology/modules.ts';
import type {Plan, PlannedNode, PlannedProxy} from '../topology/plan.ts';
import {CLIENT} from '../topology/topology.ts';
import {createLabAuthority, type LabAuthority, type WorkloadIdentity} from './lab-authority.ts';

export interface MeshTools {
  readonly runtime: Runtime;
  /** Where the fabric listens for a proxy. */
  addressOf(proxy: PlannedProxy): Address;
}

/** What sidecars and the services beside them need to find each other, and to know each other. */
export class Mesh {
  readonly #tools: MeshTools;
  readonly #identities = new Map<string, WorkloadIdentity>();
  #authority: Promise<LabAuthority> | undefined;
  #ca = '';

  constructor(tools: MeshTools) {
    this.#tools = tools;
  }

  /** Makes the identities that the plan's sidecars need. */
  async prepare({nodes}: Plan): Promise<void> {
    const fresh = nodes.filter(({name, sidecarOf}) => sidecarOf !== undefined && !this.#identities.has(name));
    if (fresh.length === 0) return;
    this.#authority ??= createLabAuthority();
    const authority = await this.#authority;
    this.#ca = authority.ca;
    await Promise.all(
      fresh.map(async ({name, sidecarOf = name}) => {
        const app = nodes.find(node => node.name === sidecarOf);
        this.#identities.set(name, await authority.issue(app?.service ?? sidecarOf, sidecarOf));
      }),
    );
  }

  /** Where a service that has a sidecar finds the instances that it calls: at sockets of that sidecar. */
  links(plan: Plan, app: PlannedNode): Readonly<Record<string, readonly LinkAddress[]>> {
    const links: Record<string, LinkAddress[]> = {};
    for (const {callee} of calls(plan, app.name)) {
      const address = {host: this.#outbound(app.name, callee.name), port: 0};
      for (const name of calledAs(callee)) links[name] = [...(links[name] ?? []), {node: callee.name, address}];
    }
    return links;
  }

  /** The environment of a sidecar, as `services/sidecar/settings.ts` reads it. */
  environment(plan: Plan, {name, sidecarOf = name}: PlannedNode): Readonly<Record<string, string>> {
    const app = plan.nodes.find(node => node.name === sidecarOf);
    const identity = this.#identities.get(name);
    if (app === undefined || identity === undefined)
      throw new LabError('INTERNAL', `The sidecar ${name} has no identity.`);
    const callers = plan.topology.links.filter(link => link.to === app.service).map(({from}) => from);
    const settings = {
      service: app.service,
      app: this.#tools.runtime.address(app.name).host,
      edge: callers.includes(CLIENT),
      callers: callers.filter(caller => caller !== CLIENT),
      outbound: calls(plan, app.name).map(({proxy, callee}) => ({
        service: callee.service,
        node: callee.name,
        socket: this.#outbound(app.name, callee.name),
        ...this.#tools.addressOf(proxy),
      })),
    };
    return {SIDECAR: JSON.stringify(settings), TLS_KEY: identity.key, TLS_CERT: identity.cert, TLS_CA: this.#ca};
  }

  #outbound(caller: string, callee: string): string {
    const {runtime} = this.#tools;
    if (runtime.socket === undefined) throw new LabError('INTERNAL', `${caller} has no sockets.`);
    return runtime.socket(`${caller}.${callee}`);
  }
}

/** Before anything is started. Errors: BAD_TOPOLOGY for a mesh where nodes share no files. */
export function requireMeshPossible({topology}: Plan, runtime: RuntimeName): void {
  if (topology.mesh === true && runtime !== 'process')
    throw new LabError(
      'BAD_TOPOLOGY',
      `A mesh needs services and sidecars that share sockets, which ${runtime} does not give them: it runs with \`--runtime process\`.`,
    );
}

/** The instances of services that a node calls. */
function calls(plan: Plan, caller: string): readonly {readonly proxy: PlannedProxy; readonly callee: PlannedNode}[] {
  return plan.proxies.flatMap(proxy => {
    const callee = plan.nodes.find(({name}) => name === proxy.to);
    return proxy.from === caller && callee?.kind === 'service' ? [{proxy, callee}] : [];
  });
}
