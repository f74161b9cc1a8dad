import type {ProxyCounters} from '../fabric/fabric.ts';
import type {FaultRecord} from '../faults/fault.ts';
import {accessUrl, urlWithoutPassword} from '../runtime/access-url.ts';
import type {BrokerAccess, PostgresAccess} from '../runtime/runtime.ts';
import {urlOf} from '../topology/address.ts';
import type {PlannedNode} from '../topology/plan.ts';
import {linkName} from '../topology/topology.ts';
import type {LinkStatus, NodeStatus, Phase, StatusReport} from './protocol.ts';
import type {System} from './system.ts';

export interface StatusInput {
  readonly session: string;
  readonly workspace: string;
  readonly faults: readonly FaultRecord[];
  readonly check: {readonly lab: string; readonly phase: Phase} | null;
  readonly toxiproxyApi: string | undefined;
}

/** What `teralab status --json` prints. */
export async function reportStatus(
  system: System,
  input: StatusInput,
): Promise<{readonly status: StatusReport; readonly counters: readonly ProxyCounters[]}> {
  const [nodes, counters] = await Promise.all([nodeStatus(system), system.agent.fabric.counters()]);
  const gateway = system.publicUrls();
  return {
    counters,
    status: {
      session: input.session,
      workspace: input.workspace,
      runtime: system.runtime.name,
      controller: {pid: process.pid},
      agent: system.agent.place,
      nodes,
      links: linkStatus(system, counters),
      faults: input.faults,
      check: input.check,
      urls: {gateway, ...(input.toxiproxyApi === undefined ? {} : {toxiproxyApi: input.toxiproxyApi})},
      connect: connectLines(system, gateway[0]),
    },
  };
}

async function nodeStatus(system: System): Promise<readonly NodeStatus[]> {
  return Promise.all(
    system.keepers().map(async keeper => {
      const stats = await keeper.running?.stats().catch(() => undefined);
      const {pid, container} = keeper.running ?? {};
      return {
        name: keeper.name,
        service: keeper.node.service,
        state: keeper.state,
        url:
          keeper.node.kind === 'service'
            ? urlOf(system.runtime.address(keeper.name))
            : urlWithoutPassword(accessOf(system, keeper.node)),
        ...(pid === undefined ? {} : {pid}),
        ...(container === undefined ? {} : {container}),
        restarts: keeper.restarts,
        ...(stats === undefined ? {} : {rssBytes: stats.rssBytes, cpuMs: stats.cpuMs}),
      };
    }),
  );
}

function linkStatus(system: System, counters: readonly ProxyCounters[]): readonly LinkStatus[] {
  return system.plan.topology.links.map(link => {
    const name = linkName(link);
    const own = counters.filter(counter => counter.link === name);
    const toxics = own.flatMap(counter => counter.toxics);
    const first = own[0];
    const http = own.flatMap(counter => counter.http ?? []);
    const requests = sum(http.map(({requests}) => requests));
    return {
      name,
      address: first === undefined ? '' : addressText(first.address),
      toxics: toxics.filter((toxic, index) => toxics.findIndex(other => other.id === toxic.id) === index),
      proxies: own.map(counter => ({
        name: counter.name,
        address: addressText(counter.address),
        listening: counter.listening,
        toxics: counter.toxics.map(({id}) => id),
      })),
      traffic: trafficOf(own),
      ...(http.length === 0
        ? {}
        : {
            http: {
              p50: Math.max(...http.map(({p50}) => p50)),
              p99: Math.max(...http.map(({p99}) => p99)),
              ratePerSecond: sum(http.map(({ratePerSecond}) => ratePerSecond)),
              errorShare: requests === 0 ? 0 : sum(http.map(({errors}) => errors)) / requests,
            },
          }),
    };
  });
}

function trafficOf(proxies: readonly ProxyCounters[]): LinkStatus['traffic'] {
  const all = (figure: (proxy: ProxyCounters) => number): number => sum(proxies.map(figure));
  return {
    connections: {
      open: all(({connections}) => connections.open),
      total: all(({connections}) => connections.total),
      failed: all(({connections}) => connections.failed),
    },
    bytes: {upstream: all(({bytes}) => bytes.upstream), downstream: all(({bytes}) => bytes.downstream)},
  };
}

function connectLines(system: System, gateway: string | undefined): readonly string[] {
  const databases = system.keepers().filter(keeper => keeper.node.kind !== 'service');
  return [
    ...(gateway === undefined ? [] : [`curl ${gateway}/openapi.json`]),
    ...databases.map(({node}) => {
      const access = accessOf(system, node);
      if ('engine' in access && access.engine === 'nats') return `nats --server ${accessUrl(access)} stream ls`;
      return `PGPASSWORD=${access.password} psql ${urlWithoutPassword(access)}`;
    }),
  ];
}

function accessOf({runtime}: System, {name, kind}: PlannedNode): PostgresAccess | BrokerAccess {
  return kind === 'broker' ? runtime.broker(name) : runtime.postgres(name);
}

function addressText({host, port}: {readonly host: string; readonly port: number}): string {
  return `${host}:${port}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
