import {checkBoundaries, declaresBoundaries, monolithTopology} from './boundaries.ts';
import {defaultTopology} from './default.ts';
import {withOwnService} from './own-service.ts';
import {checkTopology, readYaml} from './parse-topology.ts';
import type {Topology} from './topology.ts';

/** Topologies that have a name of their own, in the place of a file. */
export const NAMED_TOPOLOGIES: Readonly<Record<string, () => Topology>> = {
  default: defaultTopology,
  monolith: monolithTopology,
  mesh: () => ({...defaultTopology(), mesh: true}),
  own: withOwnService,
};

/** The topology that a parsed document declares: node by node, or by boundaries between modules. Errors: BAD_TOPOLOGY. */
export function declaredTopology(value: unknown, name?: string): Topology {
  return declaresBoundaries(value) ? checkBoundaries(value, name) : checkTopology(value, name);
}

/** The same from YAML or JSON. */
export function parseDeclared(text: string, name: string): Topology {
  return declaredTopology(readYaml(text, name), name);
}
