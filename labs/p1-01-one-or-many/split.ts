import type {LabTools} from '../../src/labs/lab.ts';
import type {ModuleName} from '../../src/topology/modules.ts';

/** A process of the split, as it is declared. */
export interface Process {
  readonly name: string;
  readonly modules: readonly ModuleName[];
  readonly database: string;
}

/** The processes that run modules, with their databases. */
export function processesOf({services, links}: LabTools['topology']): readonly Process[] {
  return Object.entries(services).flatMap(([name, {modules}]) => {
    const database = links.find(({from, to}) => from === name && services[to]?.kind === 'postgres')?.to;
    return modules === undefined || database === undefined ? [] : [{name, modules, database}];
  });
}

export function processWith(processes: readonly Process[], module: ModuleName): Process {
  const found = processes.find(({modules}) => modules.includes(module));
  if (found === undefined) throw new Error(`no process has the module ${module}`);
  return found;
}

/** A process that goes down, and the module that is to blame. */
export interface Kill {
  readonly module: ModuleName;
  readonly process: string;
}

/** A crash for each of the modules that can bring a process down, and for every process that none of them is in. */
export function killsOf(processes: readonly Process[]): readonly Kill[] {
  const kills = CULPRITS.map(module => ({module, process: processWith(processes, module).name}));
  const quotas = processWith(processes, 'quotas').name;
  return kills.some(({process}) => process === quotas) ? kills : [...kills, {module: 'quotas', process: quotas}];
}

/** In this order: whoever has just started again has to fetch identity's keys, which have to be there then. */
export const CULPRITS = ['alerts', 'accounts', 'activity'] as const satisfies readonly ModuleName[];
