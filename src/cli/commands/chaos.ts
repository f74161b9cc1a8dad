import {CommanderError} from 'commander';
import {LabError} from '../../errors.ts';
import {FAULT_CATALOGUE} from '../../faults/catalogue.ts';
import {checkRequest} from '../../faults/check-request.ts';
import type {FaultKind, FaultRecord, FaultRequest} from '../../faults/fault.ts';
import {faultsHelp, isShare} from '../chaos/kinds.ts';
import {createChaosProgram, type FaultFlags} from '../chaos/program.ts';
import type {Outcome} from '../command.ts';
import {showProgress, withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {counted} from '../output/text.ts';
import {drawSeed, parseShare} from '../parse/number.ts';
import {faultRows, renderDryRun, renderFault} from '../render/fault.ts';

const FOR_MS_DEFAULT = 30_000;

export async function run(context: Context, words: readonly string[]): Promise<Outcome> {
  let outcome: Outcome = 'ok';
  const program = createChaosProgram(
    {
      inject: async (kind, target, flags, raw) => inject(context, kind, target, flags, raw),
      list: async () => list(context),
      clear: async (id, all) => clear(context, id, all),
      history: async onlyRuns => history(context, onlyRuns),
      kinds: async () => kinds(context),
      report: async (journal, flags) => (await import('../chaos/report.ts')).report(context, journal, flags),
      run: async (fileOrName, flags) => (await import('../experiments/run.ts')).run(context, fileOrName, flags),
      shrink: async (fileOrName, flags) =>
        (await import('../experiments/shrink.ts')).shrink(context, fileOrName, flags),
      validate: async fileOrName => (await import('../experiments/validate.ts')).validate(context, fileOrName),
    },
    text => context.stdout.write(text),
    ended => {
      outcome = ended;
    },
  );
  if (words.length === 0 && !context.json) program.outputHelp();
  try {
    await program.parseAsync(words, {from: 'user'});
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 'ok';
    throw error;
  }
  return outcome;
}

async function inject(
  context: Context,
  kind: FaultKind,
  target: string,
  flags: FaultFlags,
  raw: Readonly<Record<string, string>>,
): Promise<Outcome> {
  if (flags.for !== undefined && flags.untilCleared === true)
    throw new LabError('USAGE', '`--for` and `--until-cleared` contradict each other.');
  const forMs = flags.untilCleared === true ? undefined : (flags.for ?? FOR_MS_DEFAULT);
  const request: FaultRequest = {
    kind,
    target,
    attributes: attributesFrom(kind, raw),
    forMs,
    seed: flags.seed ?? drawSeed(),
    reason: 'chaos',
  };
  // Refuses by name what is wrong with it, also where nothing runs.
  checkRequest(request);
  const dryRun = flags.dryRun === true;
  context.doing(dryRun ? 'nothing was changed' : 'clearing the fault');
  const fault = await withRunning(context, async client => {
    context.progress.step(dryRun ? 'looking at what it would touch' : `injecting ${kind} and measuring its effect`);
    try {
      return await client.call('chaos.inject', {request, dryRun}, showProgress(context), context.signal);
    } catch (error) {
      if (context.signal.aborted && !dryRun) await clearOwn(context, request);
      throw error;
    }
  });
  if (context.json) context.document(documented(fault, dryRun));
  else context.lines(dryRun ? renderDryRun(fault, forMs, look(context)) : renderFault(fault, look(context)));
  return 'ok';
}

/** Shares may be written as a percentage; times, numbers and words are read by the catalogue. */
function attributesFrom(
  kind: FaultKind,
  raw: Readonly<Record<string, string>>,
): Readonly<Record<string, string | number>> {
  const info = FAULT_CATALOGUE.find(candidate => candidate.kind === kind);
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      const attribute = info?.attributes.find(candidate => candidate.name === name);
      const readsShare = attribute?.type === 'number' && attribute.unit === undefined && isShare(attribute.range);
      return [name, readsShare ? parseShare(value, `--${name}`) : value];
    }),
  );
}

/** Interrupted while it was being injected: nobody told us its id, but its seed and target are ours. */
async function clearOwn(context: Context, request: FaultRequest): Promise<void> {
  const client = await context.controllers.find(context.workspace);
  if (client === undefined) return;
  try {
    const faults = await client.call('chaos.list', {});
    for (const {id} of faults.filter(fault => fault.kind === request.kind && fault.seed === request.seed))
      await client.call('chaos.clear', {id});
  } finally {
    client.close();
  }
}

function documented(
  {id, kind, target, attributes, endsAt, effect, proxies, nodes, shape}: FaultRecord,
  dryRun: boolean,
): object {
  const drawn = shape === undefined ? {} : {shape};
  const fault = {id, kind, target, attributes, ...drawn, endsAt, effect: effect ?? null};
  return dryRun ? {...fault, dryRun, proxies, nodes} : fault;
}

async function list(context: Context): Promise<Outcome> {
  const faults = await withRunning(context, async client => client.call('chaos.list', {}, undefined, context.signal));
  if (context.json) context.document(faults);
  else if (faults.length === 0) context.line('No faults in force.');
  else
    context.lines(
      table([['FAULT', 'KIND', 'TARGET', 'LEFT', 'EFFECT'], ...faultRows(faults, look(context))], {
        width: context.width,
        heading: paint.faint,
        right: [3],
      }),
    );
  return 'ok';
}

async function clear(context: Context, id: string | undefined, all: boolean): Promise<Outcome> {
  if (id !== undefined && all) throw new LabError('USAGE', '`--all` clears every fault; it takes no id beside it.');
  const cleared = await withRunning(context, async client => {
    context.progress.step(id === undefined ? 'healing all faults' : `healing ${id}`);
    return client.call('chaos.clear', id === undefined ? {} : {id}, undefined, context.signal);
  });
  if (context.json) {
    context.document(cleared);
    return 'ok';
  }
  if (cleared.length === 0) context.line('Nothing was in force.');
  else
    context.line(
      `Healed ${counted(cleared.length, 'fault')}: ${cleared.map(fault => `${fault.kind} on ${fault.target} (${fault.id})`).join(', ')}.`,
    );
  for (const {healed, id: each} of cleared) if (healed !== undefined) context.line(`  ${each}: ${healed.observed}`);
  return 'ok';
}

async function history(context: Context, onlyRuns: boolean): Promise<Outcome> {
  return (await import('../experiments/history.ts')).history(context, onlyRuns);
}

async function kinds(context: Context): Promise<Outcome> {
  if (context.json) context.document(FAULT_CATALOGUE);
  else context.lines(faultsHelp(context.width));
  return 'ok';
}

function look(context: Context): {width: number; paint: typeof paint; now: number} {
  return {width: context.width, paint, now: Date.now()};
}
