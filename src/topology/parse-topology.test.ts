import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {LabError} from '../errors.ts';
import {defaultTopology} from './default.ts';
import {checkTopology, parseTopology} from './parse-topology.ts';

const GOOD = `
services:
  gateway: {kind: service, replicas: 2}
  identity:
    kind: service
    supervision: {failureThreshold: 5}
  identity-db: {kind: postgres}
links:
  - {from: client, to: gateway, protocol: http}
  - {from: gateway, to: identity, protocol: http}
  - {from: identity, to: identity-db, protocol: postgres}
`;

describe('parseTopology', () => {
  it('reads YAML, and what is left out is as in the default topology', () => {
    const {services, links} = parseTopology(GOOD);
    expect(services.gateway).toEqual({...defaultTopology().services.gateway, replicas: 2});
    expect(services.identity?.supervision).toEqual({
      ...defaultTopology().services.identity?.supervision,
      failureThreshold: 5,
    });
    expect(links).toHaveLength(3);
  });

  it('reads the default topology back from its own JSON', () => {
    expect(parseTopology(JSON.stringify(defaultTopology()))).toEqual(defaultTopology());
    expect(checkTopology(defaultTopology())).toEqual(defaultTopology());
  });

  it.each([
    ['a wrong kind', GOOD.replace('kind: postgres', 'kind: mysql'), 'services.identity-db.kind'],
    ['too many replicas', GOOD.replace('replicas: 2', 'replicas: 200'), 'services.gateway.replicas'],
    ['a field that is not there', GOOD.replace('replicas: 2', 'replica: 2'), 'services.gateway'],
    ['a link to nowhere', GOOD.replace('to: identity,', 'to: identiy,'), 'did you mean identity?'],
    ['a link from nowhere', GOOD.replace('from: client', 'from: cliente'), 'did you mean client?'],
    [
      'a link the wrong way to a database',
      GOOD.replace('identity-db, protocol: postgres', 'identity-db, protocol: http'),
      'links.2.protocol',
    ],
    [
      'a link of a database',
      GOOD.replace(
        'from: identity, to: identity-db, protocol: postgres',
        'from: identity-db, to: identity, protocol: http',
      ),
      'links.2.from',
    ],
    [
      'a link twice',
      `${GOOD}  - {from: client, to: gateway, protocol: http}\n`,
      'links.3: client->gateway is declared twice',
    ],
    ['a name that is none', GOOD.replaceAll('identity-db', '../etc'), 'services.../etc'],
    ['a service called client', GOOD.replace('gateway: {kind', 'client: {kind'), 'services.client'],
    ['two nodes of one name', GOOD.replaceAll('identity-db', 'gateway-1'), 'gateway-1'],
    [
      'replicas of a database',
      GOOD.replace('{kind: postgres}', '{kind: postgres, replicas: 2}'),
      'services.identity-db.replicas',
    ],
    [
      'a database that speaks NATS',
      GOOD.replace('identity-db, protocol: postgres', 'identity-db, protocol: nats'),
      'links.2.protocol',
    ],
    [
      'links to one broker that differ',
      `${GOOD}  - {from: identity, to: broker, protocol: nats}\n  - {from: gateway, to: broker, protocol: postgres}`.replace(
        'links:',
        '  broker: {kind: broker}\nlinks:',
      ),
      'links.3.protocol',
    ],
    ['a list', '[1, 2]', 'the whole'],
    ['nothing', '', 'the whole'],
    ['broken YAML', 'services: {', 'line 1'],
  ])('refuses %s and names the place', (_, text, place) => {
    expect(() => parseTopology(text, 'lab.yaml')).toThrow(
      expect.objectContaining({code: 'BAD_TOPOLOGY', message: expect.stringContaining(place)}),
    );
  });

  it('answers anything with a topology or BAD_TOPOLOGY', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map(json => `services: ${json}\nlinks: []`),
        ),
        text => {
          try {
            parseTopology(text);
          } catch (error) {
            expect(error).toBeInstanceOf(LabError);
            expect(error).toMatchObject({code: 'BAD_TOPOLOGY'});
          }
        },
      ),
    );
  });
});
