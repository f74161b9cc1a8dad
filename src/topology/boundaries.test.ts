import {describe, expect, it} from 'vitest';
import {checkBoundaries, monolithTopology} from './boundaries.ts';
import {NAMED_TOPOLOGIES, parseDeclared} from './declared.ts';
import {calledAs} from './modules.ts';
import {planTopology} from './plan-topology.ts';
import {linkName} from './topology.ts';

const SPLIT = `
processes:
  people: {modules: [accounts, quotas], database: people-db}
  events: {modules: [activity]}
  watch: {modules: [alerts]}
`;

describe('boundaries', () => {
  it('plan a process, a database and the links that its calls need, for each line', () => {
    const {services, links} = parseDeclared(SPLIT, 'boundaries.yaml');
    expect(Object.keys(services)).toEqual([
      'gateway',
      'people',
      'events',
      'watch',
      'people-db',
      'events-db',
      'watch-db',
      'broker',
    ]);
    expect(services.people?.modules).toEqual(['accounts', 'quotas']);
    const names = links.map(linkName);
    expect(names).toContain('events->people');
    expect(names).toContain('watch->people');
    expect(names).toContain('gateway->events');
    expect(names).not.toContain('people->people');
    expect(names).not.toContain('watch->events');
  });

  it('put everything into one process on one database for the monolith', () => {
    const {nodes, proxies} = planTopology(monolithTopology());
    expect(nodes.map(({name}) => name)).toEqual(['gateway-1', 'monolith-1', 'monolith-db', 'broker']);
    expect(proxies.filter(({to}) => to === 'monolith-1').map(({from}) => from)).toEqual(['gateway-1']);
    expect(nodes.flatMap(node => (node.modules === undefined ? [] : calledAs(node)))).toEqual([
      'monolith',
      'identity',
      'quotas',
      'stream',
      'alerts',
    ]);
  });

  it('may give several processes one database', () => {
    const {links} = checkBoundaries({
      processes: {
        a: {modules: ['accounts', 'quotas'], database: 'main-db'},
        b: {modules: ['activity', 'alerts'], database: 'main-db'},
      },
    });
    expect(links.filter(({to}) => to === 'main-db').map(({from}) => from)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'a module that no process has',
      SPLIT.replace('[activity]', '[alerts]').replace('watch: {modules: [alerts]}', ''),
      'no process has the module activity',
    ],
    ['a module in two processes', SPLIT.replace('[activity]', '[activity, alerts]'), 'alerts is in events already'],
    ['a module that is not there', SPLIT.replace('[activity]', '[activities]'), 'processes.events.modules.0'],
    ['a process that is there already', SPLIT.replace('watch:', 'gateway:'), 'gateway is there already'],
    ['a database with the name of a process', SPLIT.replace('people-db', 'watch'), 'watch is the name of a process'],
    ['a name that can be none', SPLIT.replace('watch:', 'Watch Tower:'), 'services.Watch Tower'],
    ['nothing', 'processes: {}', 'no process has the module accounts'],
  ])('refuse %s', (_, text, place) => {
    expect(() => parseDeclared(text, 'boundaries.yaml')).toThrow(place);
  });

  it('are one way to declare a topology, and nodes and links another', () => {
    expect(parseDeclared(JSON.stringify(monolithTopology()), 'x')).toEqual(monolithTopology());
    expect(NAMED_TOPOLOGIES.monolith?.()).toEqual(monolithTopology());
  });
});
