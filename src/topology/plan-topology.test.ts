import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {defaultTopology} from './default.ts';
import {planTopology} from './plan-topology.ts';

describe('planTopology', () => {
  it('numbers the nodes of services, and only those', () => {
    const plan = planTopology(defaultTopology(), {replicas: {identity: 2}});
    expect(plan.nodes.map(node => node.name)).toEqual([
      'gateway-1',
      'identity-1',
      'identity-2',
      'stream-1',
      'identity-db',
      'stream-db',
      'broker',
    ]);
  });

  it('makes a proxy for each pair of caller node and callee node of a link', () => {
    const plan = planTopology(defaultTopology(), {replicas: {gateway: 2, identity: 2}});
    expect(plan.proxies.filter(proxy => proxy.link === 'gateway->identity')).toEqual([
      {name: 'gateway-1->identity-1', link: 'gateway->identity', from: 'gateway-1', to: 'identity-1', protocol: 'http'},
      {name: 'gateway-1->identity-2', link: 'gateway->identity', from: 'gateway-1', to: 'identity-2', protocol: 'http'},
      {name: 'gateway-2->identity-1', link: 'gateway->identity', from: 'gateway-2', to: 'identity-1', protocol: 'http'},
      {name: 'gateway-2->identity-2', link: 'gateway->identity', from: 'gateway-2', to: 'identity-2', protocol: 'http'},
    ]);
    expect(plan.proxies.map(proxy => proxy.name)).toContain('client->gateway-2');
    expect(plan.proxies.map(proxy => proxy.name)).toContain('identity-2->identity-db');
  });

  it('starts what keeps data first, and all services together although they call each other', () => {
    expect(planTopology(defaultTopology()).levels).toEqual([
      ['identity-db', 'stream-db', 'broker'],
      ['gateway-1', 'identity-1', 'stream-1'],
    ]);
  });

  it('has the broker and its links on the engine that was asked for, also when it is planned again', () => {
    const plan = planTopology(defaultTopology(), {broker: 'nats'});
    const again = planTopology(plan.topology, {replicas: {identity: 2}});
    for (const {nodes, proxies} of [plan, again]) {
      expect(nodes.filter(({kind}) => kind === 'broker')).toMatchObject([{name: 'broker', engine: 'nats'}]);
      expect(new Set(proxies.filter(({to}) => to === 'broker').map(({protocol}) => protocol))).toEqual(
        new Set(['nats']),
      );
      expect(proxies.find(({to}) => to === 'identity-db')?.protocol).toBe('postgres');
    }
    expect(planTopology(again.topology, {broker: 'postgres'})).toEqual(planTopology(defaultTopology(), {}));
  });

  it('has every node in one level and no proxy twice, whatever the replicas', () => {
    const count = fc.integer({min: 1, max: 6});
    fc.assert(
      fc.property(fc.record({gateway: count, identity: count, stream: count}), replicas => {
        const plan = planTopology(defaultTopology(), {replicas});
        expect(plan.levels.flat().toSorted()).toEqual(plan.nodes.map(node => node.name).toSorted());
        const names = plan.proxies.map(proxy => proxy.name);
        expect(new Set(names).size).toBe(names.length);
        expect(names.length).toBe(
          replicas.gateway * (2 + replicas.identity + replicas.stream) +
            replicas.identity * (replicas.stream + 2) +
            replicas.stream * (replicas.identity + 2),
        );
      }),
    );
  });

  it('refuses replicas of what is not there, with the nearest name', () => {
    expect(() => planTopology(defaultTopology(), {replicas: {identty: 2}})).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_TARGET',
        message: 'There is no service "identty"; did you mean identity?',
      }),
    );
    expect(() => planTopology(defaultTopology(), {replicas: {toString: 2}})).toThrow(
      expect.objectContaining({code: 'UNKNOWN_TARGET'}),
    );
  });

  it('refuses replicas of a database, and fewer than one', () => {
    expect(() => planTopology(defaultTopology(), {replicas: {'identity-db': 2}})).toThrow(
      expect.objectContaining({code: 'BAD_VALUE'}),
    );
    expect(() => planTopology(defaultTopology(), {replicas: {identity: 0}})).toThrow(
      expect.objectContaining({code: 'BAD_VALUE'}),
    );
  });
});
