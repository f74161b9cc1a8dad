import {pathToFileURL} from 'node:url';
import type {Answered, Ask, Asked, Bench, BenchOrder, BenchTools, InRun, OpenBench} from './bench.ts';
import {type BenchDatabases, NO_DATABASES} from './bench-databases.ts';

type Opened = {readonly bench: Bench; readonly databases: BenchDatabases};

/**
 * The process in which variants are tested, one after the other. The lab's own code alone runs here: its bench, and its start, wrong fixes and
 * reference.
 */
let loads = 0;
let answer: (ask: Ask) => Promise<unknown> = () => Promise.reject(new Error('nothing is tested yet'));
process.on('message', (message: InRun<Asked> | BenchOrder) => {
  if ('bench' in message) {
    answer = answerWith(message);
    return;
  }
  const {run, id, ask} = message;
  void answer(ask).then(
    value => reply({run, id, value}),
    error => reply({run, id, error: error instanceof Error ? error.message : String(error)}),
  );
});
// A variant may leave a promise to itself; a service notes that and goes on.
process.on('unhandledRejection', () => undefined);

function reply(answered: InRun<Answered>): void {
  process.send?.(answered);
}

function answerWith(order: BenchOrder): (ask: Ask) => Promise<unknown> {
  let current: Opened | undefined;
  return async ask => {
    switch (ask.do) {
      case 'open':
        current = await openOne(order);
        return undefined;
      case 'call':
        return call(current?.bench, ask.method, ask.parameters);
      case 'close': {
        const closing = current;
        current = undefined;
        await closing?.bench.close?.();
        return closing?.databases.close();
      }
    }
  };
}

async function openOne({bench, variant, databaseUrl}: BenchOrder): Promise<Opened> {
  const {default: open} = (await import(pathToFileURL(bench).href)) as {readonly default: OpenBench};
  const databases = databaseUrl === undefined ? NO_DATABASES : await openDatabases(databaseUrl);
  const tools: BenchTools = {
    load: () => import(`${pathToFileURL(variant).href}?${++loads}`),
    database: databases.database,
    endSessions: databases.endSessions,
  };
  return {bench: await open(tools), databases};
}

async function openDatabases(url: string): Promise<BenchDatabases> {
  const postgres = await import('./postgres-databases.ts');
  return postgres.openDatabases(url);
}

async function call(bench: Bench | undefined, name: string, parameters: readonly unknown[]): Promise<unknown> {
  const method = bench !== undefined && Object.hasOwn(bench.methods, name) ? bench.methods[name] : undefined;
  if (method === undefined)
    throw new Error(`there is no \`${name}\` here; there are ${Object.keys(bench?.methods ?? {}).join(', ')}`);
  return (method as (...given: readonly unknown[]) => Promise<unknown>)(...parameters);
}
