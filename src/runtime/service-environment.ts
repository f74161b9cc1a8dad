import {type Address, urlOf} from '../topology/address.ts';
import {modulesVariable} from '../topology/modules.ts';
import type {PlannedNode} from '../topology/plan.ts';
import type {StartOptions} from './runtime.ts';

/** A lab's service holds little at a time: small heaps keep the whole system small. */
export const NODE_OPTIONS = ['--enable-source-maps', '--max-old-space-size=192', '--max-semi-space-size=8'];

export interface ServicePlace {
  /** Where it listens, as it sees it itself. */
  readonly listen: Address;
  readonly sessionSecret: string;
  /** Files of built seam modules as the service sees them, by seam name. */
  readonly seams: Readonly<Record<string, string>>;
  /** `3`, or `stdio`. */
  readonly control: string;
}

/** The environment of a service, as `services/kit/environment.ts` defines it. */
export function serviceEnvironment(
  node: PlannedNode,
  options: StartOptions,
  {listen, sessionSecret, seams, control}: ServicePlace,
): Record<string, string> {
  const links = Object.entries(options.links).map(([service, instances]) => [
    service,
    instances.map(({node: name, address}) => ({node: name, url: urlOf(address)})),
  ]);
  return {
    PROFILE: 'lab',
    SESSION_SECRET: sessionSecret,
    // One arena for all threads instead of one for each: megabytes less per service.
    MALLOC_ARENA_MAX: '1',
    ...options.env,
    NODE_NAME: node.name,
    ...modulesVariable(node),
    HOST: listen.host,
    PORT: String(listen.port),
    LINKS: JSON.stringify(Object.fromEntries(links)),
    SEAMS: JSON.stringify(seams),
    CONTROL_FD: control,
  };
}
