import {stringify} from 'yaml';
import {bundleOf, calledAs, modulesVariable} from '../../topology/modules.ts';
import type {Plan, PlannedNode} from '../../topology/plan.ts';
import {CLIENT} from '../../topology/topology.ts';
import {roleOf} from '../postgres-settings.ts';
import {BASE_IMAGES} from './images.ts';

const HEADER = `# The services of teralab and what they need, as a compose file: no lab, no fabric, no faults.
# Passwords come from the environment, or are those below: nothing but the gateway is published, and that on the loopback interface.
`;

/** Where the image of the services comes from: it is in no registry. */
export interface ComposeBuild {
  /** Folder of the build context, as the compose file sees it. */
  readonly context: string;
}

/** A compose file of a plan's containers, with direct links between them. Reads no clock and no file: the same plan gives the same text. */
export function composeFile(plan: Plan, build: ComposeBuild): string {
  const names = new Map(plan.nodes.map(node => [node.name, composeName(plan, node)]));
  const stored = plan.nodes.filter(({kind}) => kind !== 'service').map(({name}) => name);
  const image = {
    image: `teralab:${variable('TERALAB_TAG', 'latest')}`,
    build: {context: build.context, dockerfile: 'docker/Dockerfile'},
  };
  const document = {
    services: Object.fromEntries(
      plan.nodes.map(node => [
        names.get(node.name),
        {...(node.kind === 'service' ? image : {}), ...serviceOf(plan, node, names)},
      ]),
    ),
    volumes: Object.fromEntries(stored.map(name => [name, {}])),
  };
  const text = stringify(document, {lineWidth: 0, aliasDuplicateObjects: false});
  return `${HEADER}${text}`;
}

/** `gateway` where there is one, `identity-2` where there are more. */
function composeName({nodes}: Plan, {name, service}: PlannedNode): string {
  return nodes.filter(node => node.service === service).length === 1 ? service : name;
}

function serviceOf(
  plan: Plan,
  node: PlannedNode,
  names: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  if (node.kind === 'service') return programOf(plan, node, names);
  return node.engine === 'nats' ? natsOf(node) : postgresOf(node);
}

function postgresOf({name}: PlannedNode): Readonly<Record<string, unknown>> {
  const role = roleOf(name);
  return {
    image: BASE_IMAGES.postgres,
    user: 'postgres',
    environment: {POSTGRES_USER: role, POSTGRES_PASSWORD: passwordOf(name), POSTGRES_DB: role},
    volumes: [`${name}:/var/lib/postgresql`],
    tmpfs: ['/tmp', '/var/run/postgresql:mode=1777'],
    healthcheck: {
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', role],
      interval: '2s',
      timeout: '2s',
      retries: 30,
    },
    ...CONFINED,
  };
}

/** Without credentials: whoever is on the network of these containers may use it, and nobody else reaches it. */
function natsOf({name}: PlannedNode): Readonly<Record<string, unknown>> {
  return {
    image: BASE_IMAGES.nats,
    command: ['-js', '-sd', '/data'],
    volumes: [`${name}:/data`],
    ...CONFINED,
  };
}

function programOf(
  plan: Plan,
  node: PlannedNode,
  names: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  const callees = plan.proxies
    .filter(({from}) => from === node.name)
    .flatMap(({to}) => plan.nodes.filter(({name}) => name === to));
  const links: Record<string, {node: string; url: string}[]> = {};
  const environment: Record<string, string> = {
    NODE_NAME: node.name,
    ...modulesVariable(node),
    PROFILE: 'production',
    SESSION_SECRET: variable('SESSION_SECRET', 'for trying it out only: set one of your own'),
  };
  const waitsFor: Record<string, {condition: string}> = {};
  for (const callee of callees) {
    const host = names.get(callee.name) ?? callee.name;
    if (callee.kind === 'service')
      for (const name of calledAs(callee))
        links[name] = [...(links[name] ?? []), {node: callee.name, url: `http://${host}:8080`}];
    else {
      const variable = callee.kind === 'broker' ? 'BROKER_URL' : 'DATABASE_URL';
      environment[variable] = callee.engine === 'nats' ? `nats://${host}:4222` : postgresUrl(callee.name, host);
      waitsFor[host] = {condition: callee.engine === 'nats' ? 'service_started' : 'service_healthy'};
    }
  }
  const isFront = plan.proxies.some(({from, to}) => from === CLIENT && to === node.name);
  return {
    command: [bundleOf(node)],
    environment: {...environment, ...(Object.keys(links).length === 0 ? {} : {LINKS: JSON.stringify(links)})},
    ...(Object.keys(waitsFor).length === 0 ? {} : {depends_on: waitsFor}),
    ...(isFront ? {ports: [`127.0.0.1:${variable('GATEWAY_PORT', '4000')}:8080`]} : {}),
    init: true,
    tmpfs: ['/tmp'],
    ...CONFINED,
  };
}

const CONFINED = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  mem_limit: '512m',
  restart: 'unless-stopped',
};

function passwordOf(node: string): string {
  return variable(`${node.toUpperCase().replaceAll('-', '_')}_PASSWORD`, 'teralab');
}

/** A value of the environment in which compose runs. */
function variable(name: string, otherwise: string): string {
  return ['$', `{${name}:-${otherwise}}`].join('');
}

function postgresUrl(node: string, host: string): string {
  const role = roleOf(node);
  return `postgres://${role}:${passwordOf(node)}@${host}:5432/${role}`;
}
