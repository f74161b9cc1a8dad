import {readFile} from 'node:fs/promises';
import {z} from 'zod';
import {LabError} from '../../errors.ts';
import type {Journal} from '../../faults/experiments/journal.ts';
import {asLabError, systemCode} from '../../files.ts';

const FORMAT = 1;
const when = z.number();
const counts = z.number().nonnegative();
const activity = z.looseObject({
  activity: z.looseObject({
    type: z.enum(['action', 'probe']),
    name: z.string(),
    provider: z.record(z.string(), z.unknown()),
    background: z.boolean().optional(),
  }),
  status: z.enum(['succeeded', 'failed', 'aborted']),
  start: when,
  end: when,
  duration: z.number(),
  output: z.unknown(),
  tolerance_met: z.boolean().optional(),
  exception: z.string().optional(),
  fault: z.string().optional(),
});
const steadyState = z.looseObject({steady_state_met: z.boolean(), probes: z.array(activity)});
const effect = z.looseObject({verdict: z.enum(['bites', 'none', 'pending']), observed: z.string()});
const fault = z.looseObject({
  id: z.string(),
  kind: z.string(),
  target: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  seed: z.number(),
  reason: z.string(),
  proxies: z.array(z.string()),
  nodes: z.array(z.string()),
  state: z.enum(['planned', 'active', 'ended', 'failed']),
  plannedAt: when,
  appliedAt: when.optional(),
  endsAt: when.nullable(),
  endedAt: when.optional(),
  endedBy: z.string().optional(),
  effect: effect.optional(),
  healed: effect.optional(),
});
const loadPoint = z.looseObject({
  route: z.string(),
  at: when,
  intervalMs: z.number().positive(),
  sent: counts,
  ok: counts,
  failed: counts,
  dropped: counts,
  latencyMs: z.looseObject({p50: counts, p90: counts, p99: counts, max: counts}).nullable(),
});
const journal = z.looseObject({
  format: z.literal(FORMAT),
  'teralab-version': z.string(),
  id: z.string(),
  file: z.string(),
  experiment: z.looseObject({title: z.string()}),
  seed: z.number(),
  system: z.looseObject({session: z.string(), runtime: z.string()}).nullable(),
  status: z.enum(['running', 'completed', 'failed', 'aborted', 'interrupted']),
  deviated: z.boolean(),
  start: when,
  end: when.nullable(),
  duration: z.number().nullable(),
  steady_states: z.looseObject({
    before: steadyState.nullable(),
    during: z.array(steadyState),
    after: steadyState.nullable(),
  }),
  run: z.array(activity),
  rollbacks: z.array(activity),
  faults: z.array(fault),
  load: z.array(loadPoint),
  because: z.string().nullable(),
});

/**
 * Reads the journal of an experiment. Whatever stands in the file, what is returned has the shape of a journal. Errors: UNKNOWN_RUN where there is no such file,
 * DAMAGED_FILE with the place that is wrong, NEWER_VERSION, NOT_ALLOWED.
 */
export async function readJournal(file: string): Promise<Journal> {
  const value = parsed(await textOf(file), file);
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (typeof format === 'number' && format > FORMAT)
    throw new LabError('NEWER_VERSION', `${file} has format ${format}; this teralab reads up to format ${FORMAT}.`);
  const result = journal.safeParse(value);
  // The schema is the shape of `Journal`, but for words that only name something.
  if (result.success) return result.data as unknown as Journal;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
  throw new LabError(
    'DAMAGED_FILE',
    `${file} is no journal of an experiment: ${place}: ${issue?.message ?? 'invalid'}.`,
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new LabError('UNKNOWN_RUN', `There is no journal ${file}.`, {cause: error});
    throw asLabError(error, file);
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError('DAMAGED_FILE', `${file} is not valid JSON: ${(error as Error).message}.`, {cause: error});
  }
}
