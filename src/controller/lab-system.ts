import {isDeepStrictEqual} from 'node:util';
import type {Broker} from '../../services/kit/broker.ts';
import type {KeyValue} from '../../services/kit/key-value.ts';
import {LabError} from '../errors.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {FaultEngine} from '../faults/engine.ts';
import {openBroker, openSpace} from '../labs/broker.ts';
import type {BuiltSeam, LabSystem, NodeEvent} from '../labs/system.ts';
import {accessUrl} from '../runtime/access-url.ts';
import {calledAs} from '../topology/modules.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {findBypasses, type Place} from './bypasses.ts';
import {emptyBroker} from './empty-broker.ts';
import {admitGuests} from './guests.ts';
import type {PostgresReader} from './postgres.ts';
import type {System} from './system.ts';

/** Services have to be ready within this time, in ms: far above what a slow machine takes, and what a learner waits whose module hangs. */
const RESET_READY_WITHIN_MS = 20_000;
/** A release that is ready at all is so within this time, in ms; and the one before it has this long to finish. */
const RELEASE_READY_WITHIN_MS = 10_000;
const RELEASE_GRACE_MS = 3_000;
/** Services get this long to finish what they have under way when a run wants fresh ones, in ms. */
const RESET_GRACE_MS = 1_000;

export interface LabSystemTools {
  readonly system: System;
  readonly faults: FaultEngine;
  readonly postgres: PostgresReader;
  /** Where else no service has any business, now. */
  readonly places: () => readonly Place[];
}

/** The running system as labs see it. Disposing it closes what it opened. */
export function createLabSystem({system, faults, postgres, places}: LabSystemTools): LabSystem & AsyncDisposable {
  let broker: Promise<Broker> | undefined;
  const spaces = new Map<string, Promise<KeyValue>>();
  let startedWith: readonly BuiltSeam[] = [];
  const {agent, runtime} = system;
  return {
    runtime: runtime.name,
    fabric: agent.fabric,
    load: agent.load,
    gatewayUrls: () => system.gatewayUrls(),
    publicUrls: () => system.publicUrls(),
    nodesOf: service => system.plan.nodes.filter(node => calledAs(node).includes(service)).map(node => node.name),
    sql: async (node, text, parameters) => postgres.query(node, text, parameters),
    databaseUrl: node => accessUrl(runtime.postgres(node)),
    broker: async () => {
      broker ??= openBroker(accessUrl(runtime.broker(brokerNode(system))));
      return broker;
    },
    space: async name => {
      const space = spaces.get(name) ?? openSpace(accessUrl(runtime.broker(brokerNode(system))), name);
      spaces.set(name, space);
      return space;
    },
    startNode: async name => system.startNodes([name], startedWith),
    releaseNode: async (name, release) => {
      await system.stopNodes([name], RELEASE_GRACE_MS);
      await system.startNodes([name], startedWith, {RELEASE: release});
      await system.ready(RELEASE_READY_WITHIN_MS);
    },
    inject: async request => faults.inject(request, {measure: 'background'}),
    runCrashSeries: async ({service, points, times, sinceReadyMs, skipMax}, {random, reason, signal}) => {
      const attributes = {point: points.join(), times, 'since-ready': sinceReadyMs, 'skip-max': skipMax};
      const seed = random.integer(0, 0x7fffffff);
      const request = {kind: 'crash-point', target: service, attributes, forMs: undefined, seed, reason} as const;
      const {id} = await faults.inject(request, {measure: 'background'});
      const onAbort = (): void => void faults.clear(id, {measure: 'background', by: 'check'}).catch(() => undefined);
      signal.addEventListener('abort', onAbort, {once: true});
      if (signal.aborted) onAbort();
      const hits = (await faults.crashes(id))?.hits ?? [];
      signal.removeEventListener('abort', onAbort);
      return {hits: hits.map(({node, point, hitAt}) => ({node, point, at: hitAt}))};
    },
    clear: async id => faults.clear(id, {measure: 'background', by: 'check'}),
    clearAll: async () => {
      await faults.clearAll({measure: 'background', by: 'check'});
    },
    faults: () => faults.history(),
    events: since => system.events(since),
    bypasses: () =>
      findBypasses({
        plan: system.plan,
        runtime,
        proxyAddress: proxy => system.proxyAddress(proxy),
        places: places(),
      }),
    logTail: async (node, lines) => system.logTail(node, lines),
    ready: async withinMs => system.ready(withinMs),
    topology: () => system.plan.topology,
    hasShape: (topology = system.declared) => isDeepStrictEqual(system.plan.topology, topology),
    reset: async ({topology = system.declared, replicas, seams, later = [], say}) => {
      await faults.clearAll({measure: 'background', by: 'check'});
      const services = (): readonly string[] =>
        system.plan.nodes.filter(node => node.kind === 'service').map(node => node.name);
      say('stopping the services and emptying their databases');
      await system.stopNodes(services(), RESET_GRACE_MS);
      const broker = system.plan.nodes.find(({kind}) => kind === 'broker')?.engine ?? 'postgres';
      await system.replan(planTopology(topology, {replicas, broker}));
      await system.startDatabases();
      await system.databasesReady();
      const databases = system.plan.nodes.filter(node => node.kind !== 'service');
      await Promise.all(
        databases.map(async ({name, kind}) =>
          kind === 'broker' ? emptyBroker(name, runtime.broker(name), postgres) : postgres.clear(name),
        ),
      );
      await admitGuests(system.plan.topology, runtime, postgres);
      startedWith = seams;
      const now = services().filter(name => !later.includes(name));
      say(`starting ${now.join(', ')}`);
      const since = Date.now();
      await Promise.all(later.map(async name => system.keeper(name).crash()));
      await system.startNodes(now, seams);
      try {
        await system.ready(RESET_READY_WITHIN_MS);
      } catch (error) {
        const refused = system.events(since).filter(event => event.type === 'seam-error');
        if (refused.length > 0 && error instanceof LabError) return refused;
        throw error;
      }
      await everyLinkListens(agent.fabric, system);
      return [] satisfies NodeEvent[];
    },
    [Symbol.asyncDispose]: async () => {
      const opened = [broker, ...spaces.values()];
      await Promise.all(opened.map(async one => (await one?.catch(() => undefined))?.close().catch(() => undefined)));
    },
  };
}

/** While a node is down its listeners are closed; whoever took one of their ports meanwhile would be asked in its stead. */
async function everyLinkListens(fabric: Fabric, system: System): Promise<void> {
  const closed = (await fabric.counters()).filter(({listening}) => !listening).map(({name}) => name);
  // One that has just ended again is down for reasons of its own.
  const reachable = new Set(
    system
      .keepers()
      .filter(({state}) => state === 'ready')
      .map(({name}) => name),
  );
  const taken = system.plan.proxies.find(({name, to}) => closed.includes(name) && reachable.has(to));
  if (taken === undefined) return;
  throw new LabError(
    'PORT_TAKEN',
    `Port ${system.proxyAddress(taken.name)?.address.port} of ${taken.name} was taken by another program while its node started again.`,
  );
}

function brokerNode(system: System): string {
  const node = system.plan.nodes.find(({kind}) => kind === 'broker');
  if (node === undefined) throw new LabError('INTERNAL', 'The topology has no broker.');
  return node.name;
}
