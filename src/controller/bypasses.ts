import type {Bypass} from '../labs/system.ts';
import type {Runtime} from '../runtime/runtime.ts';
import type {Plan} from '../topology/plan.ts';
import type {System} from './system.ts';

/** A port of this machine where no service of the system has any business. */
export interface Place {
  readonly port: number;
  readonly to: string;
}

/** The links of a system and the ports behind them, as far as telling a bypass needs them. */
export interface Wiring {
  readonly plan: Pick<Plan, 'nodes' | 'proxies'>;
  readonly runtime: Pick<Runtime, 'address' | 'connections'>;
  proxyAddress: System['proxyAddress'];
  /** Beside nodes and links. */
  readonly places: readonly Place[];
}

/** Connections of services, now, that are none of their links. A node has one listener of the fabric for each node that it calls, and needs no more. */
export function findBypasses({plan, runtime, ...system}: Wiring): readonly Bypass[] {
  if (runtime.connections === undefined) return [];
  const places = new Map<number, {readonly to: string; readonly caller?: string}>(
    system.places.map(({port, to}) => [port, {to}]),
  );
  for (const {name} of plan.nodes) {
    const {port} = runtime.address(name);
    if (port !== 0) places.set(port, {to: `${name} itself`});
  }
  for (const {name, from} of plan.proxies) {
    const port = system.proxyAddress(name)?.address.port;
    const caller = plan.nodes.find(node => node.name === from)?.sidecar ?? from;
    if (port !== undefined) places.set(port, {to: `the link ${name}`, caller});
  }
  return runtime.connections(new Set(places.keys())).flatMap(({node, port}) => {
    const place = places.get(port);
    return place === undefined || place.caller === node ? [] : [{node, to: place.to}];
  });
}
