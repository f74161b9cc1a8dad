import {randomInt} from 'node:crypto';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../errors.ts';
import {createTools} from '../labs/run/tools.ts';
import {constantArrivals} from '../load/arrivals.ts';
import type {LoadRun, LoadSummary, Operation} from '../load/load.ts';
import {prepareProfile} from '../load/profiles.ts';
import {createRandom} from '../random.ts';
import type {Controller} from './controller.ts';
import {createLabSystem} from './lab-system.ts';
import type {LoadOptions} from './protocol.ts';

const SUMMARY_EVERY_MS = 500;

/** A load that has begun. */
export interface StartedLoad {
  readonly run: LoadRun;
  /** Every decided operation, one JSON object a line. */
  readonly ledgerFile: string;
  /** Settles when the last operation is decided; rejects when the signal has ended it before. */
  readonly done: Promise<LoadSummary>;
}

/** Drives a load profile against the running system; what it saw is kept as a ledger. */
export async function runLoad(
  controller: Controller,
  options: LoadOptions,
  emit: (event: {type: 'summary'; summary: LoadSummary}) => void,
  signal: AbortSignal,
): Promise<LoadSummary> {
  const begin = await prepareLoad(controller, options, signal);
  const {run, done} = await begin();
  const timer = setInterval(
    () =>
      void run.summary().then(
        summary => emit({type: 'summary', summary}),
        () => undefined,
      ),
    SUMMARY_EVERY_MS,
  );
  try {
    return await done;
  } finally {
    clearInterval(timer);
  }
}

/** Opens what a load profile needs, and gives what starts it. Aborting `signal` stops the load. */
export async function prepareLoad(
  controller: Controller,
  options: LoadOptions & Manners,
  signal: AbortSignal,
): Promise<() => Promise<StartedLoad>> {
  const live = controller.live();
  const {agent} = live;
  await using system = createLabSystem({...live, places: () => controller.apiPlaces()});
  const targets = system.gatewayUrls();
  const folder = join(controller.options.paths.data, 'runs', `${new Date().toISOString().replaceAll(':', '-')}-load`);
  await mkdir(folder, {recursive: true, mode: 0o700});
  const ledgerFile = join(folder, 'ledger.jsonl');
  const random = createRandom(options.seed ?? randomInt(1, 2 ** 31 - 1), 'load');
  const makeOperations = await prepareProfile(options.profile, {
    http: createTools(system, random, signal).http,
    random,
  });
  const operations = makeOperations(constantArrivals(options)).map(operation => withManners(operation, options));
  return async () => {
    const run = await agent.load.start({name: options.profile, operations, targets}, {ledgerFile, phase: 'load'});
    return {run, ledgerFile, done: untilDone(run, signal)};
  };
}

async function untilDone(run: LoadRun, signal: AbortSignal): Promise<LoadSummary> {
  const onAbort = (): void => void run.stop().catch(() => undefined);
  signal.addEventListener('abort', onAbort, {once: true});
  if (signal.aborted) onAbort();
  try {
    const summary = await run.done;
    if (signal.aborted)
      throw signal.reason instanceof Error ? signal.reason : new LabError('INTERRUPTED', 'The load was interrupted.');
    return summary;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** How clients behave: those of the profiles send once, and wait for as long as the profile says. */
interface Manners {
  readonly retries?: number;
  /** Before a client sends again, ms. */
  readonly backoffMs?: number;
  /** How long each send is waited for, ms. */
  readonly timeoutMs?: number;
  /** How long a client waits in all, ms. */
  readonly patienceMs?: number;
}

function withManners(
  operation: Operation,
  {retries = 0, backoffMs = 0, timeoutMs, patienceMs = operation.patienceMs}: Manners,
): Operation {
  const patient = {...operation, patienceMs};
  if (retries === 0 && timeoutMs === undefined) return patient;
  return {
    ...patient,
    retry: {sendsMax: retries + 1, backoffMs, timeoutMs: timeoutMs ?? patienceMs},
  };
}
