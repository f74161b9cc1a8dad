import {z} from 'zod';
import {LabError} from '../errors.ts';
import {spec} from './default.ts';
import {MODULES, type ModuleName} from './modules.ts';
import {checkTopology, readYaml} from './parse-topology.ts';
import {CLIENT, type LinkSpec, type Topology} from './topology.ts';

const shape = z.strictObject({
  processes: z.record(
    z.string(),
    z.strictObject({modules: z.array(z.enum(MODULES)).min(1), database: z.string().optional()}),
  ),
});

/** Modules that have to be called over the network by whom, when they are in other processes. The gateway is a process of its own. */
const CALLS: Readonly<Record<ModuleName | 'gateway', readonly ModuleName[]>> = {
  gateway: ['accounts', 'activity', 'alerts'],
  accounts: ['quotas'],
  quotas: [],
  activity: ['accounts', 'quotas'],
  alerts: ['accounts'],
};

/** Whether a parsed document declares boundaries rather than a topology. */
export function declaresBoundaries(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'processes' in value;
}

/**
 * Plans a split of the modules to processes into a topology: a gateway in front of them, a database for each name that is given (default
 * `<process>-db`), one broker, and a link for each call that crosses a process. Every module has to have exactly one process. Errors:
 * BAD_TOPOLOGY, with the place and what is wrong there.
 */
export function checkBoundaries(value: unknown, name = 'the boundaries'): Topology {
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.join('.');
    throw new LabError('BAD_TOPOLOGY', `${name}, at ${place}: ${issue?.message ?? 'it has another shape'}.`);
  }
  const processes = Object.entries(parsed.data.processes).map(([process, {modules, database}]) => ({
    process,
    modules,
    database: database ?? `${process}-db`,
  }));
  const home = homes(processes, name);
  const links: LinkSpec[] = [
    {from: CLIENT, to: 'gateway', protocol: 'http'},
    {from: 'gateway', to: 'broker', protocol: 'postgres'},
  ];
  for (const to of callees(['gateway'], home)) links.push({from: 'gateway', to, protocol: 'http'});
  for (const {process, modules, database} of processes) {
    for (const to of callees(modules, home)) if (to !== process) links.push({from: process, to, protocol: 'http'});
    links.push(
      {from: process, to: database, protocol: 'postgres'},
      {from: process, to: 'broker', protocol: 'postgres'},
    );
  }
  return checkTopology(
    {
      services: {
        gateway: spec('service'),
        ...Object.fromEntries(processes.map(({process, modules}) => [process, {...spec('service'), modules}])),
        ...Object.fromEntries(processes.map(({database}) => [database, spec('postgres')])),
        broker: spec('broker'),
      },
      links,
    },
    name,
  );
}

/** The same from YAML or JSON. */
export function parseBoundaries(text: string, name: string): Topology {
  return checkBoundaries(readYaml(text, name), name);
}

/** All modules in one process on one database. */
export function monolithTopology(): Topology {
  return checkBoundaries({processes: {monolith: {modules: [...MODULES], database: 'monolith-db'}}}, 'the monolith');
}

type Processes = readonly {
  readonly process: string;
  readonly modules: readonly ModuleName[];
  readonly database: string;
}[];

/** Which process each module is in. */
function homes(processes: Processes, name: string): ReadonlyMap<ModuleName, string> {
  const fail = (place: string, what: string): never => {
    throw new LabError('BAD_TOPOLOGY', `${name}, at ${place}: ${what}.`);
  };
  const home = new Map<ModuleName, string>();
  const taken = new Set(['gateway', 'broker', CLIENT]);
  for (const {process, modules, database} of processes) {
    if (taken.has(process)) fail(`processes.${process}`, `${process} is there already, and has no modules`);
    if (taken.has(database) || processes.some(other => other.process === database))
      fail(`processes.${process}.database`, `${database} is the name of a process`);
    for (const module of modules) {
      const other = home.get(module);
      if (other !== undefined) fail(`processes.${process}.modules`, `${module} is in ${other} already`);
      home.set(module, process);
    }
  }
  for (const module of MODULES) if (!home.has(module)) fail('processes', `no process has the module ${module}`);
  return home;
}

function callees(
  callers: readonly (ModuleName | 'gateway')[],
  home: ReadonlyMap<ModuleName, string>,
): readonly string[] {
  return [...new Set(callers.flatMap(caller => CALLS[caller].flatMap(module => home.get(module) ?? [])))];
}
