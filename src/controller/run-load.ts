import {randomInt} from 'node:crypto';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../errors.ts';
import {createTools} from '../labs/run/tools.ts';
import {constantArrivals} from '../load/arrivals.ts';
import type {LoadSummary} from '../load/load.ts';
import {prepareProfile} from '../load/profiles.ts';
import {createRandom} from '../random.ts';
import type {Controller} from './controller.ts';
import {createLabSystem} from './lab-system.ts';
import type {LoadOptions} from './protocol.ts';

const SUMMARY_EVERY_MS = 500;

/** Drives a load profile against the running system; what it saw is kept as a ledger. */
export async function runLoad(
  controller: Controller,
  options: LoadOptions,
  emit: (event: {type: 'summary'; summary: LoadSummary}) => void,
  signal: AbortSignal,
): Promise<LoadSummary> {
  const live = controller.live();
  const {agent} = live;
  await using system = createLabSystem(live);
  const targets = system.gatewayUrls();
  const folder = join(controller.options.paths.data, 'runs', `${new Date().toISOString().replaceAll(':', '-')}-load`);
  await mkdir(folder, {recursive: true, mode: 0o700});
  const random = createRandom(options.seed ?? randomInt(1, 2 ** 31 - 1), 'load');
  const makeOperations = await prepareProfile(options.profile, {
    http: createTools(system, random, signal).http,
    random,
  });
  const operations = makeOperations(constantArrivals(options));
  const run = await agent.load.start(
    {name: options.profile, operations, targets},
    {ledgerFile: join(folder, 'ledger.jsonl'), phase: 'load'},
  );
  const onAbort = (): void => void run.stop().catch(() => undefined);
  signal.addEventListener('abort', onAbort, {once: true});
  const timer = setInterval(
    () =>
      void run.summary().then(
        summary => emit({type: 'summary', summary}),
        () => undefined,
      ),
    SUMMARY_EVERY_MS,
  );
  try {
    const summary = await run.done;
    if (signal.aborted)
      throw signal.reason instanceof Error ? signal.reason : new LabError('INTERRUPTED', 'The load was interrupted.');
    return summary;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
