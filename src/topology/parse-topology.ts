import {parseDocument} from 'yaml';
import {z} from 'zod';
import {LabError} from '../errors.ts';
import {nearest} from '../nearest.ts';
import {spec} from './default.ts';
import {MODULES} from './modules.ts';
import {SIDECAR} from './plan-topology.ts';
import {BROKER_ENGINES, CLIENT, linkName, type ServiceKind, type Topology} from './topology.ts';

/** Most instances of one service, here and on the command line: a laptop runs no more. */
const REPLICAS_MAX = 16;
/** Names become node names, database names and parts of file names. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_LENGTH_MAX = 40;

const milliseconds = (min: number): z.ZodNumber => z.number().int().min(min).max(600_000);
const supervisionShape = z.strictObject({
  probeEveryMs: milliseconds(50),
  probeTimeoutMs: milliseconds(50),
  failureThreshold: z.number().int().min(1).max(100),
  restartBackoffMs: milliseconds(0),
  restartBackoffMaxMs: milliseconds(0),
});
const topologyShape = z.strictObject({
  services: z.record(
    z.string(),
    z.strictObject({
      kind: z.enum(['service', 'postgres', 'broker']),
      replicas: z.number().int().min(1).max(REPLICAS_MAX).default(1),
      modules: z.array(z.enum(MODULES)).min(1).optional(),
      supervision: supervisionShape.partial().default({}),
    }),
  ),
  links: z.array(z.strictObject({from: z.string(), to: z.string(), protocol: z.enum(['http', ...BROKER_ENGINES])})),
  mesh: z.boolean().default(false),
});

/**
 * Reads a topology from YAML or JSON. What is left out has the default topology's values. Errors: BAD_TOPOLOGY, with the place
 * (`services.identity.replicas`) and what is wrong there.
 */
export function parseTopology(text: string, name = 'the topology'): Topology {
  return checkTopology(readYaml(text, name), name);
}

/** The value that YAML or JSON stands for. Errors: BAD_TOPOLOGY. */
export function readYaml(text: string, name: string): unknown {
  const document = parseDocument(text, {prettyErrors: true, uniqueKeys: true});
  const broken = document.errors[0];
  if (broken !== undefined)
    throw new LabError(
      'BAD_TOPOLOGY',
      `${name} is not YAML or JSON: ${broken.message.split('\n')[0]?.replace(/:$/, '.') ?? ''}`,
    );
  return toPlainValue(document, name);
}

/** The same for a value that is parsed already, such as one that came over the controller's socket. */
export function checkTopology(value: unknown, name = 'the topology'): Topology {
  const parsed = topologyShape.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.join('.');
    throw new LabError('BAD_TOPOLOGY', `${name}, at ${place}: ${issue?.message ?? 'it has another shape'}.`);
  }
  const fail = (place: string, what: string): never => {
    throw new LabError('BAD_TOPOLOGY', `${name}, at ${place}: ${what}.`);
  };
  const services = Object.fromEntries(
    Object.entries(parsed.data.services).map(([service, {kind, replicas, modules, supervision}]) => {
      const place = `services.${service}`;
      if (service === CLIENT) fail(place, `"${CLIENT}" stands for whoever calls from outside and cannot be declared`);
      if (service === SIDECAR)
        fail(place, `"${SIDECAR}" is what stands beside services in a mesh; declare \`mesh: true\``);
      if (!NAME.test(service) || service.length > NAME_LENGTH_MAX)
        fail(place, 'a name is lower-case letters, digits and single hyphens, and begins with a letter');
      if (kind !== 'service' && replicas !== 1)
        fail(`${place}.replicas`, `there is one instance of a ${kind}; only services have replicas`);
      if (modules !== undefined && kind !== 'service')
        fail(`${place}.modules`, `a ${kind} runs no modules; only services do`);
      const declared = spec(kind, replicas, withoutUndefined(supervision));
      return [service, modules === undefined ? declared : {...declared, modules}];
    }),
  );
  checkNodeNames(services, fail);
  checkLinks({services, links: parsed.data.links}, fail);
  const {links, mesh} = parsed.data;
  return {services, links, ...(mesh ? {mesh} : {})};
}

const SPEAKS: Readonly<Record<ServiceKind, readonly string[]>> = {
  service: ['http'],
  postgres: ['postgres'],
  broker: BROKER_ENGINES,
};

type Fail = (place: string, what: string) => never;

/** `a-1` as a service and the first instance of `a` would be one node. */
function checkNodeNames(services: Topology['services'], fail: Fail): void {
  const seen = new Map<string, string>();
  for (const [service, {kind, replicas}] of Object.entries(services)) {
    const names =
      kind === 'service'
        ? Array.from({length: Math.max(replicas, REPLICAS_MAX)}, (_, index) => `${service}-${index + 1}`)
        : [service];
    for (const name of names) {
      const other = seen.get(name);
      if (other !== undefined) fail(`services.${service}`, `its node ${name} has the name of a node of ${other}`);
      seen.set(name, service);
    }
  }
}

function checkLinks({services, links}: Topology, fail: Fail): void {
  const names = Object.keys(services);
  const seen = new Set<string>();
  for (const [index, link] of links.entries()) {
    for (const end of ['from', 'to'] as const) {
      const service = link[end];
      if (end === 'from' && service === CLIENT) continue;
      if (Object.hasOwn(services, service)) continue;
      const close = nearest(service, end === 'from' ? [...names, CLIENT] : names);
      fail(
        `links.${index}.${end}`,
        `there is no service "${service}"${close === undefined ? '' : `; did you mean ${close}?`}`,
      );
    }
    if (link.from === link.to) fail(`links.${index}`, `${link.from} cannot be linked to itself`);
    if (seen.has(linkName(link))) fail(`links.${index}`, `${linkName(link)} is declared twice`);
    seen.add(linkName(link));
    const {kind} = services[link.to] ?? {kind: 'service'};
    if (!SPEAKS[kind].includes(link.protocol))
      fail(`links.${index}.protocol`, `${link.to} is a ${kind}, which speaks ${SPEAKS[kind].join(' or ')}`);
    const other = links.find(one => one.to === link.to && one.protocol !== link.protocol);
    if (other !== undefined)
      fail(`links.${index}.protocol`, `${linkName(other)} speaks ${other.protocol} with the same ${kind}`);
    if (link.from !== CLIENT && services[link.from]?.kind !== 'service')
      fail(`links.${index}.from`, `${link.from} calls nobody: only services do`);
  }
}

/** Aliases in YAML can blow up to any size; the library's bound makes an error of that. */
function toPlainValue(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    return document.toJS({maxAliasCount: 100});
  } catch (error) {
    throw new LabError(
      'BAD_TOPOLOGY',
      `${name} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      {cause: error},
    );
  }
}

function withoutUndefined<T extends object>(value: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
