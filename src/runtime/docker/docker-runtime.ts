import {createHash, randomBytes} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {NO_DISK_SIZE} from '../disturbance.ts';
import {LOOPBACK} from '../ports.ts';
import type {AgentAccess, RunningNode, Runtime, RuntimeAbilities, StartOptions} from '../runtime.ts';
import {createAddressBook} from './address-book.ts';
import {type StartedContainer, startContainer} from './container-node.ts';
import {missingAbilities} from './describe-engine.ts';
import {type EngineEndpoint, isLocal} from './endpoint.ts';
import {type Engine, engineError, openEngine} from './engine.ts';
import {BASE_IMAGES, type ContextFile, ensureImage, ensureSystemImage} from './images.ts';
import {labelsOf, nameOf} from './labels.ts';
import {programOf} from './program.ts';
import {putFiles} from './put-files.ts';
import {removeAll} from './remove-session.ts';
import {
  AGENT_NAME,
  agentSpec,
  INSIDE,
  natsFiles,
  natsSpec,
  postgresSpec,
  SEAMS_FOLDER,
  type SessionPlace,
  serviceSpec,
} from './specs.ts';
import {openTunnel, type Tunnel} from './tunnel.ts';

export interface DockerRuntimeOptions {
  /** Marks everything that this runtime makes. */
  readonly session: string;
  readonly endpoint: EngineEndpoint;
  /** What the image of services and agent is built from. */
  readonly context: () => Promise<readonly ContextFile[]>;
  readonly logFolder: string;
  /** Port of this machine for the first gateway; without it 4000 or the next free one. */
  readonly gatewayPort?: number;
  /** Whether ports are reached through a tunnel over the engine's API; without it: where the engine is not on this machine. */
  readonly tunnels?: boolean;
}

/** What `prepare` has made once for all nodes. */
interface Prepared {
  readonly engine: Engine;
  readonly place: SessionPlace;
  readonly agent: AgentAccess;
  readonly agentNode: StartedContainer;
  /** Where ports are not published. */
  readonly tunnel: Tunnel | undefined;
  readonly abilities: RuntimeAbilities;
}

/**
 * Runs nodes as containers of a Docker Engine: services and the agent from one image that is built here, databases from the official one;
 * a network and volumes of the session's own, ports on the loopback interface only. All of it carries the session's label.
 */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const {session, logFolder} = options;
  const book = createAddressBook();
  const sessionSecret = randomBytes(32).toString('base64url');
  const running = new Map<string, StartedContainer>();
  let preparing: Promise<Prepared> | undefined;
  let prepared: Prepared | undefined;
  let isDown = false;

  const logFile = (node: string): string => join(logFolder, `${node}.log`);
  const prepareOnce = async (nodes: readonly PlannedNode[], say: (line: string) => void): Promise<Prepared> => {
    const engine = await openEngine(options.endpoint);
    say(`preparing images on the engine at ${options.endpoint.host}`);
    const [systemImage] = await Promise.all([
      ensureSystemImage(engine, await options.context(), say),
      ...(['postgres', 'nats'] as const)
        .filter(program => nodes.some(node => programOf(node) === program))
        .map(async program => ensureImage(engine, BASE_IMAGES[program], say)),
    ]);
    const publishes = !(options.tunnels ?? !isLocal(options.endpoint));
    const place = {session, systemImage, network: nameOf({session}, 'network'), publishes};
    const gatewayPorts = await book.claimGatewayPorts(options.gatewayPort);
    const port = await book.claimPort();
    await engine
      .createNetwork({Name: place.network, Driver: 'bridge', CheckDuplicate: true, Labels: labelsOf(place, 'network')})
      .catch(error => {
        throw engineError(error, "the session's network could not be made");
      });
    const token = randomBytes(24).toString('base64url');
    say('starting the agent');
    const agentNode = await startContainer(engine, {
      node: AGENT,
      options: agentSpec(place, {token, port, gatewayPorts}),
      address: {host: LOOPBACK, port},
      logFile: logFile(AGENT_NAME),
      control: false,
    });
    const agent = {
      address: {host: LOOPBACK, port},
      host: AGENT_NAME,
      token,
      container: agentNode.container ?? '',
      ended: agentNode.exited,
    };
    const tunnel = publishes ? undefined : await openTunnel(engine, agent.container);
    await tunnel?.forward(port, {host: LOOPBACK, port: INSIDE.agent});
    for (const [index, gatewayPort] of gatewayPorts.entries())
      await tunnel?.forward(gatewayPort, {host: LOOPBACK, port: INSIDE.gatewayFirst + index});
    return {engine, place, agent, agentNode, tunnel, abilities: await abilitiesOf(engine)};
  };
  const need = (): Prepared => {
    if (prepared === undefined) throw new LabError('INTERNAL', 'The docker runtime was used before it was prepared.');
    return prepared;
  };
  const launch = async (node: PlannedNode, startOptions: StartOptions): Promise<StartedContainer> => {
    const {engine, place} = need();
    const address = book.address(node.name);
    await running.get(node.name)?.removed;
    const common = {node, address, logFile: logFile(node.name)};
    if (node.kind !== 'service') {
      const password = book.password(node.name);
      if (node.engine === 'nats') {
        const options = natsSpec(place, node, {address});
        return startContainer(engine, {...common, options, files: natsFiles(password), control: false});
      }
      return startContainer(engine, {
        ...common,
        options: postgresSpec(place, node, {password, address}),
        control: false,
      });
    }
    const seams = await deliverSeams(engine, need().agent.container, startOptions.seams);
    const spec = serviceSpec(place, node, {options: startOptions, sessionSecret, seams, address});
    return startContainer(engine, {...common, options: spec, control: true});
  };

  return {
    name: 'docker',
    prepare: async (nodes, say) => {
      const fresh = await book.enter(nodes);
      preparing ??= prepareOnce(nodes, say);
      prepared = await preparing;
      for (const {name} of fresh) await prepared.tunnel?.forward(book.address(name).port, book.upstream(name));
    },
    start: async (node, startOptions) => {
      const started = await launch(node, startOptions);
      running.set(node.name, started);
      if (isDown) {
        await started.kill();
        throw new LabError('NODE_GONE', `${node.name} was started while the system went down.`);
      }
      return started;
    },
    address: book.address,
    upstream: book.upstream,
    outside: book.outside,
    agent: () => need().agent,
    postgres: book.postgres,
    broker: book.broker,
    logFile,
    describe: () => need().abilities,
    down: async () => {
      isDown = true;
      const made = await preparing?.catch(() => undefined);
      const engine = made?.engine ?? (await openEngine(options.endpoint).catch(() => undefined));
      // Where no engine was ever reached there is nothing to remove.
      if (engine === undefined && preparing === undefined) return;
      await stopAll(running.values());
      await made?.tunnel?.close();
      if (engine === undefined) await openEngine(options.endpoint);
      else await removeAll(engine, session);
      book.release();
    },
  };
}

/** The agent, as far as it is run like a node. */
export const AGENT: PlannedNode = {
  name: AGENT_NAME,
  service: AGENT_NAME,
  kind: 'service',
  supervision: {
    probeEveryMs: 0,
    probeTimeoutMs: 0,
    failureThreshold: 0,
    restartBackoffMs: 0,
    restartBackoffMaxMs: 0,
  },
};

/** Services first: so they can finish what they do with their databases. */
export async function stopAll(nodes: Iterable<RunningNode & {readonly service: string}>): Promise<void> {
  await Promise.all([...nodes].map(async node => node.stop().catch(() => undefined)));
}

/** Puts learners' modules into the volume that services read them from: no path of this machine has to exist on the engine's. */
async function deliverSeams(
  engine: Engine,
  agent: string,
  seams: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = await Promise.all(
    Object.entries(seams).map(async ([seam, file]) => {
      const content = await readFile(file);
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
      return {seam, name: `${hash}-${basename(file)}`, content};
    }),
  );
  if (entries.length === 0) return {};
  const files = {folder: SEAMS_FOLDER, entries: entries.map(({name, content}) => ({name, mode: 0o644, content}))};
  await putFiles(engine.getContainer(agent), files).catch(error => {
    throw engineError(error, 'the modules of the lab could not be brought to the engine');
  });
  return Object.fromEntries(entries.map(({seam, name}) => [seam, `${SEAMS_FOLDER}/${name}`]));
}

/** What this engine can do to containers, as it says itself. */
export async function abilitiesOf(engine: Engine): Promise<RuntimeAbilities> {
  return {missing: {'disk-full': NO_DISK_SIZE, ...missingAbilities(await engine.info())}};
}
