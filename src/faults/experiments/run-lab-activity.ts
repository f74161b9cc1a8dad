import {LabError} from '../../errors.ts';
import {createRandom} from '../../random.ts';
import type {Activity, LabProvider, Window} from './experiment.ts';
import type {LoadOrder, SystemPort} from './ports.ts';
import type {Outcome} from './run-activity.ts';
import type {Run} from './run-state.ts';
import {judgeSlo} from './slo.ts';

type LoadProvider = Extract<LabProvider, {does: 'load'}>;

/** What the provider "teralab" does. */
export async function doLab(
  run: Run,
  activity: Activity,
  provider: LabProvider,
  signal: AbortSignal,
): Promise<Outcome> {
  const {system} = run.ports;
  if (system === undefined) throw new LabError('NOT_RUNNING', 'There is no running system to ask.');
  switch (provider.does) {
    case 'fault':
      return inject(run, system, activity, provider);
    case 'clear':
      return {output: await clear(run, system, provider.what)};
    case 'load':
      return startLoad(run, system, activity, provider);
    case 'probe':
      return {output: await ask(run, system, provider.probe, signal)};
  }
}

/** The seed of what an activity draws: its own, and the same whenever the run's is. */
export function activitySeed({seed, experiment}: Pick<Run, 'seed' | 'experiment'>, activity: Activity): number {
  const index = [...experiment.method, ...experiment.rollbacks].indexOf(activity);
  return createRandom(seed, `experiment/${index}`).integer(0, 0x7fffffff);
}

async function inject(
  run: Run,
  system: SystemPort,
  activity: Activity,
  {kind, target, attributes, forMs}: Extract<LabProvider, {does: 'fault'}>,
): Promise<Outcome> {
  const seed = activitySeed(run, activity);
  const record = await system.inject({kind, target, attributes, forMs, seed, reason: `experiment ${run.id}`});
  run.injected.set(record.id, {activity: activity.name, record});
  run.windows.set(record.id, record.endsAt ?? run.ports.clock.now());
  await run.write({type: 'fault', fault: record});
  const {proxies, nodes, effect} = record;
  return {
    output: {id: record.id, target: record.target, links: proxies, nodes, effect: effect ?? null},
    fault: record.id,
  };
}

async function clear(run: Run, system: SystemPort, what: string | undefined): Promise<unknown> {
  const ids = [...run.injected].filter(([, {activity}]) => what === undefined || activity === what).map(([id]) => id);
  for (const id of ids) run.cleared.add(id);
  const records = await system.clear(ids);
  for (const fault of records) {
    run.windows.delete(fault.id);
    await run.write({type: 'fault', fault});
  }
  return records.map(({id, kind, target, healed}) => ({id, kind, target, healed: healed ?? null}));
}

/** Opens the accounts of the method's loads before its clock begins to run. One that cannot be prepared is tried again at its time, and fails there. */
export async function prepareLoads(run: Run, signal: AbortSignal): Promise<void> {
  const {system, progress} = run.ports;
  if (system === undefined) return;
  for (const activity of run.experiment.method) {
    const {provider} = activity;
    if (provider.type !== 'teralab' || provider.does !== 'load') continue;
    progress({text: 'preparing the load'});
    const prepared = await Promise.race([
      system.prepareLoad(orderOf(run, activity, provider)).catch(() => undefined),
      aborted(signal),
    ]);
    if (signal.aborted) return;
    if (prepared !== undefined) run.prepared.set(activity, prepared);
  }
}

async function startLoad(run: Run, system: SystemPort, activity: Activity, load: LoadProvider): Promise<Outcome> {
  const {profile, ratePerSecond, forMs} = load;
  const prepared = run.prepared.get(activity) ?? (await system.prepareLoad(orderOf(run, activity, load)));
  run.loads.push(await prepared.start());
  run.windows.set(`load ${activity.name}`, run.ports.clock.now() + forMs);
  return {output: {profile, ratePerSecond, forMs}};
}

function orderOf(run: Run, activity: Activity, load: LoadProvider): LoadOrder {
  const {profile, ratePerSecond, forMs, retries, backoffMs, timeoutMs, patienceMs} = load;
  return {
    profile,
    ratePerSecond,
    durationMs: forMs,
    retries,
    backoffMs,
    seed: activitySeed(run, activity),
    ...(timeoutMs === undefined ? {} : {timeoutMs}),
    ...(patienceMs === undefined ? {} : {patienceMs}),
  };
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), {once: true});
  });
}

async function ask(
  run: Run,
  system: SystemPort,
  probe: Extract<LabProvider, {does: 'probe'}>['probe'],
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  if (probe.kind !== 'slo')
    return system.probe(probe, since(run, 'window' in probe ? probe.window : {lastMs: undefined}));
  const ledgers = await Promise.all(run.loads.map(({ledgerFile}) => run.ports.ledger(ledgerFile)));
  const output = judgeSlo(ledgers.flat(), probe, since(run, probe.window));
  if (output === undefined)
    throw new LabError(
      'BAD_VALUE',
      `No operation${probe.route === undefined ? '' : ` "${probe.route}"`} of a load was there to judge: "slo" wants a load that runs, or has run.`,
    );
  return output;
}

/** Before the method there is nothing of it to look at yet. */
function since({methodStartedAt, ports}: Run, {lastMs}: Window): number {
  const now = ports.clock.now();
  return lastMs === undefined ? (methodStartedAt ?? now) : now - lastMs;
}
