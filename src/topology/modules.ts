/** The modules that teraApi's identity and stream consist of; a process can run any of them (`services/modules`). */
export const MODULES = ['accounts', 'quotas', 'activity', 'alerts'] as const;
export type ModuleName = (typeof MODULES)[number];

/** Under which name others call what a module serves. */
const CALLED_AS: Readonly<Record<ModuleName, string>> = {
  accounts: 'identity',
  quotas: 'quotas',
  activity: 'stream',
  alerts: 'alerts',
};

/** What a node is, as far as calling it is concerned. */
interface Called {
  readonly service: string;
  readonly modules?: readonly ModuleName[];
}

/** The names of services under which a node is called: its own, and those of its modules. */
export function calledAs({service, modules}: Called): readonly string[] {
  return [...new Set([service, ...(modules ?? []).map(module => CALLED_AS[module])])];
}

/** The built program that a node runs: its service's own, or the one that runs modules. */
export function bundleOf({service, modules}: Called): string {
  return modules === undefined ? service : 'modules';
}

/** What of its environment tells a node which modules it runs. */
export function modulesVariable({modules}: Pick<Called, 'modules'>): {readonly MODULES?: string} {
  return modules === undefined ? {} : {MODULES: modules.join()};
}
