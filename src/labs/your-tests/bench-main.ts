import {pathToFileURL} from 'node:url';
import type {Answered, Ask, Asked, Bench, BenchOrder, BenchTools, OpenBench} from './bench.ts';
import {type BenchDatabases, NO_DATABASES} from './bench-databases.ts';

/** The process in which one variant is tested. The lab's own code alone runs here: its bench, and its start, wrong fixes and reference. */
process.once('message', (order: BenchOrder) => {
  const opened = openAll(order);
  process.on('message', ({id, ask}: Asked) => {
    void opened
      .then(answer => answer(ask))
      .then(
        value => reply({id, value}),
        error => reply({id, error: error instanceof Error ? error.message : String(error)}),
      );
  });
});
// A variant may leave a promise to itself; a service notes that and goes on.
process.on('unhandledRejection', () => undefined);

function reply(answer: Answered): void {
  process.send?.(answer);
}

async function openAll({bench: benchFile, variant, databaseUrl}: BenchOrder): Promise<(ask: Ask) => Promise<unknown>> {
  const {default: open} = (await import(pathToFileURL(benchFile).href)) as {readonly default: OpenBench};
  const openDatabases = databaseUrl === undefined ? undefined : await import('./postgres-databases.ts');
  let loads = 0;
  let current: {readonly bench: Bench; readonly databases: BenchDatabases} | undefined;
  const close = async (): Promise<void> => {
    const closing = current;
    current = undefined;
    await closing?.bench.close?.();
    await closing?.databases.close();
  };
  return async ask => {
    switch (ask.do) {
      case 'open': {
        const databases = (await openDatabases?.openDatabases(databaseUrl ?? '')) ?? NO_DATABASES;
        const tools: BenchTools = {
          load: () => import(`${pathToFileURL(variant).href}?${++loads}`),
          database: databases.database,
          endSessions: databases.endSessions,
        };
        current = {bench: await open(tools), databases};
        return undefined;
      }
      case 'call':
        return call(current?.bench, ask.method, ask.parameters);
      case 'close':
        return close();
    }
  };
}

async function call(bench: Bench | undefined, name: string, parameters: readonly unknown[]): Promise<unknown> {
  const method = bench !== undefined && Object.hasOwn(bench.methods, name) ? bench.methods[name] : undefined;
  if (method === undefined)
    throw new Error(`there is no \`${name}\` here; there are ${Object.keys(bench?.methods ?? {}).join(', ')}`);
  return (method as (...given: readonly unknown[]) => Promise<unknown>)(...parameters);
}
