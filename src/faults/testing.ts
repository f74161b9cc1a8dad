import {mkdtemp, rm} from 'node:fs/promises';
import {createServer as createHttpServer, Server as HttpServer} from 'node:http';
import {type AddressInfo, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createFabric} from '../fabric/create-fabric.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {NodeMeasure} from '../runtime/disturbance.ts';
import {defaultTopology} from '../topology/default.ts';
import type {Plan} from '../topology/plan.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {createFaultEngine} from './create-engine.ts';
import type {FaultEngine} from './engine.ts';
import type {FaultRecord, FaultRequest} from './fault.ts';
import type {FaultNodeEvent, FaultNodeState, FaultNodes} from './nodes.ts';

/** The default topology with two gateways and two identities, on the real fabric; nodes are small HTTP servers. Disposing it leaves nothing open. */
export interface TestSystem extends AsyncDisposable {
  readonly fabric: Fabric;
  readonly plan: Plan;
  readonly nodes: RecordingNodes;
  readonly engine: FaultEngine;
  readonly recordFile: string;
  readonly changes: readonly FaultRecord[];
  /** An engine as a later process would make it, on the same record. */
  nextEngine(): FaultEngine;
  urlOf(proxy: string): string;
}

export async function startTestSystem(): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const recordFile = join(folder, 'faults.jsonl');
  const plan = planTopology(defaultTopology(), {replicas: {gateway: 2, identity: 2}});
  const servers = new Map<string, Server>();
  for (const {name, kind} of plan.nodes) servers.set(name, await serveNode(kind === 'service'));
  const fabric = createFabric();
  const opened = await fabric.open(plan.proxies.map(proxy => ({...proxy, upstream: addressOf(servers.get(proxy.to))})));
  const nodes = createRecordingNodes(plan, fabric);
  const changes: FaultRecord[] = [];
  const makeEngine = (): FaultEngine =>
    createFaultEngine({fabric, plan: () => plan, nodes, recordFile, onChange: record => changes.push(record)});
  const engine = makeEngine();
  return {
    fabric,
    plan,
    nodes,
    engine,
    recordFile,
    changes,
    nextEngine: makeEngine,
    urlOf: proxy => {
      const address = opened.find(({name}) => name === proxy)?.address;
      return `http://${address?.host}:${address?.port}`;
    },
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await fabric.stop();
      for (const server of servers.values()) {
        if (server instanceof HttpServer) server.closeAllConnections();
        await new Promise(resolve => server.close(resolve));
      }
      await rm(folder, {recursive: true});
    },
  };
}

/** Does what it is told to a node that is only a state, and tells the fabric as the controller would. */
export interface RecordingNodes extends FaultNodes {
  readonly calls: string[];
  /** A node comes past an armed point: it dies there and is ready again a moment later. */
  pass(node: string, point: string): Promise<boolean>;
  /** The node says that it dies at the armed point, and lives on. */
  claim(node: string): void;
  /** From now on this kind of fault is not possible. */
  refuse(kind: string, reason: string): void;
  /** The kernel ends the node for want of memory, and it is started again. */
  starve(node: string): Promise<void>;
  /** What measuring the node finds from now on. */
  seem(node: string, measure: NodeMeasure): void;
}

export function createRecordingNodes(plan: Plan, fabric?: Pick<Fabric, 'setNodeUp'>): RecordingNodes {
  const states = new Map<string, FaultNodeState>(plan.nodes.map(({name}) => [name, 'ready']));
  const armed = new Map<string, Map<string, {skip: number}>>();
  const listeners = new Set<(event: FaultNodeEvent) => void>();
  const calls: string[] = [];
  const measures = new Map<string, NodeMeasure>();
  const missing: Record<string, string> = {};
  const tell = (node: string, type: FaultNodeEvent['type'], point?: string): void => {
    for (const listener of listeners) listener({node, type, at: Date.now(), ...(point === undefined ? {} : {point})});
  };
  const down = async (node: string): Promise<void> => {
    states.set(node, 'crashed');
    armed.delete(node);
    tell(node, 'exited');
    await fabric?.setNodeUp(node, false);
  };
  const up = async (node: string): Promise<void> => {
    states.set(node, 'starting');
    await fabric?.setNodeUp(node, true);
    states.set(node, 'ready');
    tell(node, 'ready');
  };
  return {
    calls,
    abilities: () => ({missing}),
    refuse: (kind, reason) => {
      missing[kind] = reason;
    },
    seem: (node, measure) => {
      measures.set(`${node} ${measure.kind}`, measure);
    },
    state: node => states.get(node) ?? 'stopped',
    starve: async node => {
      states.set(node, 'crashed');
      for (const listener of listeners) listener({node, type: 'exited', outOfMemory: true, at: Date.now()});
      await up(node);
    },
    kill: async node => {
      calls.push(`kill ${node}`);
      await down(node);
    },
    start: async node => {
      calls.push(`start ${node}`);
      await up(node);
    },
    restart: async (node, graceMs) => {
      calls.push(`restart ${node} ${graceMs}`);
      await down(node);
      await up(node);
    },
    pause: async node => {
      calls.push(`pause ${node}`);
      states.set(node, 'paused');
    },
    resume: async node => {
      calls.push(`resume ${node}`);
      states.set(node, 'ready');
      tell(node, 'ready');
    },
    armCrashPoint: async (node, point, skip) => {
      calls.push(`arm ${node} ${point} ${skip}`);
      armed.set(node, (armed.get(node) ?? new Map()).set(point, {skip}));
    },
    disarm: async node => {
      calls.push(`disarm ${node}`);
      armed.delete(node);
    },
    disturb: async (node, {kind, ...figures}) => {
      calls.push(`disturb ${node} ${kind} ${Object.values(figures).join(' ')}`);
    },
    calm: async (node, kind) => {
      calls.push(`calm ${node} ${kind}`);
      return measures.get(`${node} ${kind}`);
    },
    measure: async (node, kind) => measures.get(`${node} ${kind}`),
    claim: node => tell(node, 'crash-point', armed.get(node)?.keys().next().value),
    pass: async (node, point) => {
      const trap = armed.get(node)?.get(point);
      if (trap === undefined) return false;
      if (trap.skip > 0) {
        trap.skip -= 1;
        return false;
      }
      tell(node, 'crash-point', point);
      await down(node);
      await up(node);
      return true;
    },
    watch: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function request(kind: string, target: string, changes: Partial<FaultRequest> = {}): FaultRequest {
  return {
    kind: kind as FaultRequest['kind'],
    target,
    attributes: {},
    forMs: 60_000,
    seed: 7,
    reason: 'test',
    ...changes,
  };
}

/** HTTP for services; for databases only as much Postgres as a probe needs: one byte for an SSLRequest. */
async function serveNode(isService: boolean): Promise<Server> {
  const server = isService
    ? createHttpServer((_request, response) => void response.end('{}'))
    : createServer(socket => {
        socket.on('error', () => {});
        socket.on('data', () => socket.write('N'));
      });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function addressOf(server: Server | undefined) {
  if (server === undefined) throw new Error('a proxy leads to a node that is not there');
  return {host: '127.0.0.1', port: (server.address() as AddressInfo).port};
}
