import {randomBytes} from 'node:crypto';
import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import type {Paths} from '../../paths.ts';
import {releasePort} from '../../port-claims.ts';
import type {Address} from '../../topology/address.ts';
import {bundleOf} from '../../topology/modules.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {NO_DISK_SIZE} from '../disturbance.ts';
import {NATS_USER} from '../nats-configuration.ts';
import {createPorts, LOOPBACK} from '../ports.ts';
import {roleOf} from '../postgres-settings.ts';
import type {PostgresAccess, RunningNode, Runtime, StartOptions} from '../runtime.ts';
import {createConnectionWatch} from './connections.ts';
import {removeStrays} from './leftovers.ts';
import {type PreparedNats, prepareNats, startNats} from './nats-node.ts';
import {prepareNextSession} from './next-session.ts';
import {
  type PostgresTools,
  type PreparedPostgres,
  preparePostgres,
  preparePostgresTools,
  startPostgres,
} from './postgres-node.ts';
import {startService} from './service-node.ts';

export interface ProcessRuntimeOptions {
  /** Marks everything that this runtime starts. */
  readonly session: string;
  /** Databases are kept between sessions of the same workspace. */
  readonly workspaceId: string;
  readonly paths: Paths;
  /** Built bundles, by service. */
  readonly serviceEntries: Readonly<Record<string, string>>;
  readonly logFolder: string;
}

/**
 * Runs nodes as processes of this machine: services from their bundles, databases as Postgres servers, the broker as one too or as a NATS server. All of them end
 * when the process that holds this runtime dies. Errors: UNSUPPORTED_PLATFORM on native Windows.
 */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new LabError(
      'UNSUPPORTED_PLATFORM',
      `teralab runs its nodes on Linux and macOS, not on ${process.platform}.`,
    );
  }
  const {session, workspaceId, paths, serviceEntries} = options;
  const nextPort = createPorts();
  const sessionSecret = randomBytes(32).toString('base64url');
  const addresses = new Map<string, Promise<Address>>();
  const known = new Map<string, Address>();
  const databases = new Map<string, Promise<PreparedPostgres>>();
  const passwords = new Map<string, string>();
  const brokers = new Map<string, Promise<PreparedNats>>();
  const brokerPasswords = new Map<string, string>();
  const running = new Set<RunningNode>();
  let tools: Promise<PostgresTools> | undefined;
  const connections = createConnectionWatch();
  let isDown = false;
  /** Where services and sidecars listen that reach each other by files, once there are any. */
  let socketFolder = '';

  const logFile = (node: string): string => join(options.logFolder, `${node}.log`);
  const socket = (name: string): string => join(socketFolder, `${name}.sock`);
  const addressOf = async ({name, sidecar}: Pick<PlannedNode, 'name' | 'sidecar'>): Promise<Address> =>
    once(addresses, name, async () => {
      const address = sidecar === undefined ? {host: LOOPBACK, port: await nextPort()} : {host: socket(name), port: 0};
      known.set(name, address);
      return address;
    });
  const toolsOf = async (say: (line: string) => void): Promise<PostgresTools> => {
    tools ??= preparePostgresTools(paths, say);
    try {
      return await tools;
    } catch (error) {
      // What failed may be mended by now when it is asked for again.
      tools = undefined;
      throw error;
    }
  };
  const databaseOf = async (node: string, say: (line: string) => void): Promise<PreparedPostgres> =>
    once(databases, node, async () => {
      const prepared = await preparePostgres(await toolsOf(say), workspaceId, node);
      passwords.set(node, prepared.password);
      prepared.ready.catch(() => {
        // What failed may be mended by now when it is asked for again.
        databases.delete(node);
        tools = undefined;
      });
      return prepared;
    });
  const brokerOf = async (node: string): Promise<PreparedNats> =>
    once(brokers, node, async () => {
      const prepared = await prepareNats(paths, workspaceId, node, await addressOf({name: node}));
      brokerPasswords.set(node, prepared.password);
      return prepared;
    });
  /** What a node that keeps data needs before it can be started. */
  const dataOf = async ({name, engine}: PlannedNode, say: (line: string) => void): Promise<unknown> =>
    engine === 'nats' ? brokerOf(name) : databaseOf(name, say);
  const postgresAccess = (node: string): PostgresAccess => {
    const password = passwords.get(node);
    if (password === undefined) throw unknownNode(node, [...passwords.keys()]);
    return {address: knownAddress(node), user: roleOf(node), password, database: roleOf(node)};
  };
  const knownAddress = (node: string): Address => {
    const address = known.get(node);
    if (address === undefined) throw unknownNode(node, [...known.keys()]);
    return address;
  };
  const launch = async (node: PlannedNode, startOptions: StartOptions): Promise<RunningNode> => {
    const address = await addressOf(node);
    const common = {node, address, session, logFile: logFile(node.name)};
    if (node.engine === 'nats') return startNats(await brokerOf(node.name), common);
    if (node.kind !== 'service') {
      const prepared = await databaseOf(node.name, () => undefined);
      return startPostgres(await toolsOf(() => undefined), prepared, common);
    }
    const program = bundleOf(node);
    const entry = Object.hasOwn(serviceEntries, program) ? serviceEntries[program] : undefined;
    if (entry === undefined) {
      throw new LabError(
        'BAD_TOPOLOGY',
        `There is no program for the service "${node.service}"; there are ${Object.keys(serviceEntries).join(', ')}.`,
      );
    }
    return startService({...common, options: startOptions, entry, sessionSecret, codeCache: join(paths.cache, 'code')});
  };

  return {
    name: 'process',
    prepare: async (nodes, say) => {
      // One after the other, so that ports follow the order of the plan.
      if (socketFolder === '' && nodes.some(({sidecar}) => sidecar !== undefined))
        socketFolder = await makeSocketFolder(paths, workspaceId);
      for (const node of nodes) await addressOf(node);
      await Promise.all(nodes.filter(node => node.kind !== 'service').map(node => dataOf(node, say)));
    },
    start: async (node, startOptions) => {
      const started = await launch(node, startOptions);
      running.add(started);
      void started.exited.then(() => running.delete(started));
      if (isDown) {
        await started.kill();
        throw new LabError('NODE_GONE', `${node.name} was started while the system went down.`);
      }
      return started;
    },
    address: knownAddress,
    socket,
    upstream: knownAddress,
    outside: listener => listener,
    connections: ports => {
      // Databases run no code of a learner, and have many processes.
      const services = [...running].filter(({name}) => !passwords.has(name) && !brokers.has(name));
      const names = new Map(services.flatMap(({name, pid}) => (pid === undefined ? [] : [[pid, name] as const])));
      return connections.look([...names.keys()], ports).flatMap(({pid, port}) => {
        const node = names.get(pid);
        return node === undefined ? [] : [{node, port}];
      });
    },
    postgres: postgresAccess,
    broker: node => {
      const password = brokerPasswords.get(node);
      if (password === undefined) return {engine: 'postgres', ...postgresAccess(node)};
      return {engine: 'nats', address: knownAddress(node), user: NATS_USER, password};
    },
    logFile,
    describe: () => ({
      missing: {
        'disk-full': NO_DISK_SIZE,
        throttle: `limits of CPU time belong to containers; ${ON_DOCKER}`,
        memory: `limits of memory belong to containers; ${ON_DOCKER}`,
        'packet-loss': `processes share the network of this machine, containers have one of their own; ${ON_DOCKER}`,
        'ip-partition': `processes share the network of this machine, containers have one of their own; ${ON_DOCKER}`,
      },
    }),
    beforeDown: async () => {
      await Promise.all(
        [...running].map(async ({name}) => {
          const prepared = await databases.get(name);
          if (prepared !== undefined) await prepareNextSession(name, prepared.data, postgresAccess(name));
        }),
      );
    },
    down: async () => {
      isDown = true;
      for (const database of databases.values()) await database.then(async ({ready}) => ready).catch(() => undefined);
      const nodes = [...running];
      const isDatabase = (node: RunningNode): boolean => passwords.has(node.name) || brokers.has(node.name);
      // Services first: so they can finish what they do with their databases.
      for (const group of [nodes.filter(node => !isDatabase(node)), nodes.filter(isDatabase)]) {
        await Promise.all(group.map(async node => node.stop()));
      }
      await removeStrays(session);
      for (const {port} of known.values()) if (port !== 0) releasePort(port);
      if (socketFolder !== '') await rm(socketFolder, {recursive: true, force: true});
    },
  };
}

/** Of this workspace alone, beside its controller's socket: paths of sockets are short. What a killed session left there goes. */
async function makeSocketFolder(paths: Paths, workspaceId: string): Promise<string> {
  const folder = (await paths.socket(workspaceId)).replace(/\.sock$/, '.d');
  await rm(folder, {recursive: true, force: true});
  await mkdir(folder, {mode: 0o700});
  return folder;
}

const ON_DOCKER = 'use `--runtime docker`';

/** Does something once per name, also when it is asked for twice at the same time; what failed may be tried again. */
async function once<T>(results: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const existing = results.get(name);
  if (existing !== undefined) return existing;
  const result = make();
  results.set(name, result);
  result.catch(() => results.delete(name));
  return result;
}

function unknownNode(node: string, names: readonly string[]): LabError {
  const close = nearest(node, names);
  return new LabError(
    'UNKNOWN_NODE',
    `There is no node "${node}" here${close === undefined ? '' : `; did you mean ${close}?`}`,
  );
}
