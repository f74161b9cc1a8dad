import type Docker from 'dockerode';
import type {Address} from '../../topology/address.ts';
import {bundleOf} from '../../topology/modules.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {natsConfiguration} from '../nats-configuration.ts';
import {IN_CONTAINER, roleOf, settingsArgs} from '../postgres-settings.ts';
import type {StartOptions} from '../runtime.ts';
import {serviceEnvironment} from '../service-environment.ts';
import {BASE_IMAGES} from './images.ts';
import {labelsOf, MEMORY_LABEL, nameOf} from './labels.ts';
import type {PutFiles} from './put-files.ts';

/** Ports inside of containers. */
export const INSIDE = {
  service: 8080,
  postgres: 5432,
  nats: 4222,
  agent: 7070,
  gatewayFirst: 4000,
  gateways: 4,
} as const;
/** The agent's name on the session's network. */
export const AGENT_NAME = 'agent';
/** Where the volume with learners' modules is, in every container that knows it. */
export const SEAMS_FOLDER = '/seams';

const NATS_FOLDER = '/data';
const NATS_UID = 1000;
const MEGABYTE = 1024 * 1024;

/** What the containers of one session have in common. */
export interface SessionPlace {
  readonly session: string;
  readonly systemImage: string;
  readonly network: string;
  /** Ports are published on the engine's loopback interface; otherwise a tunnel leads to them. */
  readonly publishes: boolean;
}

/** A service: the session's image, its own user, nothing it could write to but memory. */
export function serviceSpec(
  place: SessionPlace,
  node: PlannedNode,
  {
    options,
    sessionSecret,
    seams,
    address,
  }: {
    readonly options: StartOptions;
    readonly sessionSecret: string;
    readonly seams: Readonly<Record<string, string>>;
    readonly address: Address;
  },
): Docker.ContainerCreateOptions {
  const listen = {host: '0.0.0.0', port: INSIDE.service};
  return container(place, node.name, {
    image: place.systemImage,
    command: [bundleOf(node)],
    env: serviceEnvironment(node, options, {listen, sessionSecret, seams, control: 'stdio'}),
    ports: [{inside: INSIDE.service, outside: address.port}],
    mounts: [{...seamsMount(place), ReadOnly: true}],
    // Killed at a crash point, the service must not be the first process of its container, which no signal of its own can kill.
    init: true,
    stdin: true,
    memoryBytes: 512 * MEGABYTE,
  });
}

/** A Postgres server on a volume of its own, initialised by the image at its first start. */
export function postgresSpec(
  place: SessionPlace,
  node: PlannedNode,
  {password, address}: {readonly password: string; readonly address: Address},
): Docker.ContainerCreateOptions {
  const role = roleOf(node.name);
  return container(place, node.name, {
    image: BASE_IMAGES.postgres,
    command: ['postgres', ...settingsArgs(IN_CONTAINER)],
    user: 'postgres',
    env: {
      POSTGRES_USER: role,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: role,
      POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --wal-segsize=4 --no-sync',
    },
    ports: [{inside: INSIDE.postgres, outside: address.port}],
    mounts: [volume(place, node.name, '/var/lib/postgresql')],
    tmpfs: {'/var/run/postgresql': 'mode=1777,size=1m'},
    memoryBytes: 512 * MEGABYTE,
  });
}

/** A NATS server with JetStream on a volume of its own, which its configuration is put into as well. */
export function natsSpec(
  place: SessionPlace,
  node: PlannedNode,
  {address}: {readonly address: Address},
): Docker.ContainerCreateOptions {
  return container(place, node.name, {
    image: BASE_IMAGES.nats,
    command: ['--config', `${NATS_FOLDER}/nats.conf`],
    user: `${NATS_UID}:${NATS_UID}`,
    env: {},
    ports: [{inside: INSIDE.nats, outside: address.port}],
    mounts: [volume(place, node.name, NATS_FOLDER)],
    memoryBytes: 512 * MEGABYTE,
  });
}

/** What has to be in that volume before the server starts. The image has no user of its own. */
export function natsFiles(password: string): PutFiles {
  const configuration = natsConfiguration({
    listen: `0.0.0.0:${INSIDE.nats}`,
    storeFolder: `${NATS_FOLDER}/store`,
    password,
    // The image's server is older than that.
    syncsAlways: false,
  });
  return {
    folder: NATS_FOLDER,
    entries: [
      {name: 'store', mode: 0o700, owner: NATS_UID},
      {name: 'nats.conf', mode: 0o600, owner: NATS_UID, content: configuration},
    ],
  };
}

/** The agent: it carries all links, and gives learners' modules to the volume that services read them from. */
export function agentSpec(
  place: SessionPlace,
  {
    token,
    port,
    gatewayPorts,
  }: {readonly token: string; readonly port: number; readonly gatewayPorts: readonly number[]},
): Docker.ContainerCreateOptions {
  return container(place, AGENT_NAME, {
    image: place.systemImage,
    command: ['agent'],
    env: {AGENT_TOKEN: token, AGENT_HOST: AGENT_NAME, AGENT_PORT: String(INSIDE.agent)},
    ports: [
      {inside: INSIDE.agent, outside: port},
      ...gatewayPorts.map((outside, index) => ({inside: INSIDE.gatewayFirst + index, outside})),
    ],
    mounts: [seamsMount(place)],
    init: true,
    memoryBytes: 1024 * MEGABYTE,
  });
}

interface Wanted {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly {readonly inside: number; readonly outside: number}[];
  readonly mounts: Docker.MountSettings[];
  readonly tmpfs?: Record<string, string>;
  readonly user?: string;
  readonly init?: boolean;
  readonly stdin?: boolean;
  readonly memoryBytes: number;
}

/** Every container of a session: no capabilities, nothing writable but what is named, ports on the loopback interface only. */
function container(place: SessionPlace, name: string, wanted: Wanted): Docker.ContainerCreateOptions {
  return {
    name: nameOf(place, name),
    Hostname: name,
    Image: wanted.image,
    Cmd: [...wanted.command],
    Env: Object.entries(wanted.env).map(([key, value]) => `${key}=${value}`),
    Labels: {
      ...labelsOf(place, name === AGENT_NAME ? 'agent' : 'node', name),
      [MEMORY_LABEL]: String(wanted.memoryBytes),
    },
    ...(wanted.user === undefined ? {} : {User: wanted.user}),
    ...(wanted.stdin === true ? {OpenStdin: true, AttachStdin: true} : {}),
    ExposedPorts: Object.fromEntries(wanted.ports.map(({inside}) => [`${inside}/tcp`, {}])),
    HostConfig: {
      NetworkMode: place.network,
      PortBindings: Object.fromEntries(
        (place.publishes ? wanted.ports : []).map(({inside, outside}) => [
          `${inside}/tcp`,
          [{HostIp: '127.0.0.1', HostPort: String(outside)}],
        ]),
      ),
      Mounts: wanted.mounts,
      Tmpfs: {'/tmp': 'mode=1777,size=64m', ...wanted.tmpfs},
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Init: wanted.init ?? false,
      Memory: wanted.memoryBytes,
      // No swap on top: what is too much is too much.
      MemorySwap: wanted.memoryBytes,
      PidsLimit: 256,
      RestartPolicy: {Name: 'no'},
      LogConfig: {Type: 'json-file', Config: {'max-size': '5m', 'max-file': '2'}},
    },
    NetworkingConfig: {EndpointsConfig: {[place.network]: {Aliases: [name]}}},
  };
}

function seamsMount(place: SessionPlace): Docker.MountSettings {
  return volume(place, 'seams', SEAMS_FOLDER);
}

function volume(place: SessionPlace, name: string, target: string): Docker.MountSettings {
  return {
    Type: 'volume',
    Source: nameOf(place, name),
    Target: target,
    VolumeOptions: {NoCopy: false, Labels: labelsOf(place, 'volume', name), DriverConfig: {Name: 'local', Options: {}}},
  };
}
