import type {Broker} from '../kit/broker.ts';
import {newId} from '../kit/ids.ts';
import type {Migration} from '../kit/migrations.ts';
import {openBroker} from '../kit/open-broker.ts';
import {Problem} from '../kit/problem.ts';
import {SeamError, whereThrown} from '../kit/seams.ts';
import type {Kit, ServiceDefinition} from '../kit/service.ts';
import {createRoutes as defaultRoutes} from './seams/routes.default.ts';
import {createSchema as defaultSchema} from './seams/schema.default.ts';
import type {OwnTools} from './seams/tools.ts';
import {createWorker as defaultWorker} from './seams/worker.default.ts';
import {serveOwnRoutes} from './serve-routes.ts';

/** The blank service: the kit with a database of its own, and everything else behind seams. */
export function createOwn(): ServiceDefinition {
  const migrations: Migration[] = [];
  return {
    name: 'own',
    database: {migrations},
    async build(kit) {
      const {release} = kit.environment;
      const createSchema = await kit.seam('schema', 'createSchema', defaultSchema);
      const createRoutes = await kit.seam('routes', 'createRoutes', defaultRoutes);
      const createWorker = await kit.seam('worker', 'createWorker', defaultWorker);
      const tools = await openTools(kit);
      migrations.push(...inModule(kit, 'schema', () => createSchema({release})));
      inModule(kit, 'routes', () => serveOwnRoutes(kit, createRoutes(tools)));
      const worker = inModule(kit, 'worker', () => createWorker(tools));
      kit.onStart(async () => worker.start?.());
      kit.onStop(async () => worker.stop?.());
    },
  };
}

async function openTools(kit: Kit): Promise<OwnTools> {
  const {clock, database, environment, log} = kit;
  return {
    database,
    broker: await brokerOf(kit),
    clock,
    log,
    node: environment.nodeName,
    release: environment.release,
    newId: () => newId(clock),
    problem: (status, detail, {kind, headers} = {}) =>
      new Problem({
        status,
        detail,
        ...(kind === undefined ? {} : {kind}),
        ...(headers === undefined ? {} : {headers}),
      }),
  };
}

async function brokerOf(kit: Kit): Promise<Broker | undefined> {
  const {clock, environment, log} = kit;
  if (environment.brokerUrl === undefined) return undefined;
  const broker = await openBroker({url: environment.brokerUrl, clock, log});
  kit.onStop(() => broker.close());
  return kit.wrapBroker(broker);
}

/** What a module does wrong while the service is built is told as its fault, and ends the process in order. */
function inModule<T>({environment}: Kit, seam: string, work: () => T): T {
  const file = environment.seams[seam];
  try {
    return work();
  } catch (error) {
    if (file === undefined) throw error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new SeamError({seam, message, ...whereThrown(error, file)});
  }
}
