import {describe, expect, it} from 'vitest';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {Engine} from '../docker/engine.ts';
import {createPlaces, type PlacingFleet} from './places.ts';

const {supervision} = spec('service');
const service = (name: string): PlannedNode => ({
  name,
  service: name.replace(/-\d+$/, ''),
  kind: 'service',
  supervision,
});
const database: PlannedNode = {...service('identity-db'), kind: 'postgres'};

/** Machines by id; those with an exclamation mark are not there. `a` is the manager's. */
function fleetOf(...machines: readonly string[]): PlacingFleet {
  return {
    manager: {machine: 'a'},
    machines: machines.map(text => ({
      id: text.replace('!', ''),
      name: `machine-${text.replace('!', '')}`,
      engine: {} as Engine,
      isThere: !text.endsWith('!'),
      lost: new Promise(() => undefined),
    })),
  };
}

describe('places of nodes', () => {
  it("are the manager's machine for what keeps data, and the others first for services", () => {
    const places = createPlaces();
    const fleet = fleetOf('a', 'b', 'c');
    const nodes = [service('gateway-1'), service('identity-1'), service('identity-2'), database];
    places.place(fleet, nodes);
    expect(nodes.map(node => places.machine(fleet, node).id)).toEqual(['b', 'c', 'a', 'a']);
  });

  it('stay while their machine is there, and are others for services when it is not', () => {
    const places = createPlaces();
    places.place(fleetOf('a', 'b', 'c'), [database, service('identity-1')]);
    expect(places.machine(fleetOf('a', 'b', 'c'), service('identity-1')).id).toBe('b');
    expect(places.machine(fleetOf('a', 'b!', 'c'), service('identity-1')).id).toBe('c');
    expect(places.machine(fleetOf('a', 'b', 'c'), service('identity-1')).id).toBe('c');
  });

  it('are not to be had for data whose machine is not there, nor without machines', () => {
    const places = createPlaces();
    places.place(fleetOf('a', 'b'), [database]);
    expect(() => places.machine(fleetOf('a!', 'b'), database)).toThrow(
      'identity-db has its data on machine-a, and that machine is not there.',
    );
    expect(() => places.machine(fleetOf('a!', 'b!'), service('identity-1'))).toThrow(
      'No machine of the swarm is there',
    );
  });
});
