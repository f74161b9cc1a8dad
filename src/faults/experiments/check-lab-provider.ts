import {LabError} from '../../errors.ts';
import type {ToxicAttributes} from '../../fabric/fabric.ts';
import {PROFILES} from '../../load/profiles.ts';
import {FAULT_CATALOGUE} from '../catalogue.ts';
import {checkRequest} from '../check-request.ts';
import type {FaultKind} from '../fault.ts';
import {checkLabProbe} from './check-lab-probe.ts';
import type {LabProvider} from './experiment.ts';
import {kindOf, type Mistakes, type Path} from './mistakes.ts';
import {readDuration, readRate} from './quantities.ts';

const FAULT_FOR_MS = 30_000;
const RETRIES_MAX = 20;
const BACKOFF_MS = 100;

export interface LabProviderContext {
  readonly mistakes: Mistakes;
  /** Names of the method's activities. */
  readonly names: readonly string[];
  readonly type: 'action' | 'probe' | undefined;
  /** `for` of the activity around it, which may stand there as well. */
  readonly activityFor: unknown;
  readonly activityPath: Path;
}

type Raw = Readonly<Record<string, unknown>>;

/** What teralab does itself: `fault`, `clear` and `load` as actions, `probe` as probes. */
export function checkLabProvider(record: Raw, path: Path, context: LabProviderContext): LabProvider | undefined {
  const {mistakes, type, activityFor} = context;
  const words = type === 'probe' ? ['probe'] : ['fault', 'clear', 'load'];
  const named = ['fault', 'clear', 'load', 'probe'].filter(word => word in record);
  const [word] = named;
  if (word === undefined || named.length > 1 || !words.includes(word)) {
    const owner = type === 'probe' ? 'A probe of teralab' : 'An action of teralab';
    return mistakes.add(
      path,
      `${owner} has ${type === 'probe' ? '"probe"' : 'one of "fault", "clear" and "load"'}${named.length === 0 ? '' : `, not ${named.map(each => `"${each}"`).join(' and ')}`}.`,
    );
  }
  if (activityFor !== undefined && (word === 'clear' || word === 'probe'))
    mistakes.add(
      [...context.activityPath, 'for'],
      '"for" is how long a fault or a load lasts; this is neither.',
      'key',
    );
  if (word === 'fault') return checkFault(record, path, context);
  if (word === 'clear') return checkClear(record, path, context);
  return word === 'load' ? checkLoad(record, path, context) : checkLabProbe(record, path, mistakes);
}

/** Any fault of the catalogue: its attributes stand beside its kind. */
function checkFault(record: Raw, path: Path, context: LabProviderContext): LabProvider | undefined {
  const {mistakes} = context;
  const kinds = FAULT_CATALOGUE.map(({kind}) => kind);
  const kind = mistakes.choice(record.fault, [...path, 'fault'], 'The fault', kinds);
  const target = mistakes.text(record.target, 'target' in record ? [...path, 'target'] : path, 'The target of a fault');
  const forMs = checkFor(record, path, context) ?? FAULT_FOR_MS;
  if (kind === undefined || target === undefined) return undefined;
  const {type: _, fault: __, target: ___, for: ____, ...attributes} = record;
  // Each by itself first, so that all mistakes are found, and at their own places; then together, for what is missing.
  const problems = Object.entries(attributes).flatMap(([name, value]) => {
    const problem = isAttribute(value)
      ? problemOf(kind, target, {[name]: value})
      : `${name} of ${kind} is a value, not ${kindOf(value)}.`;
    const isOfAll = problem?.startsWith(`${kind} needs `) === true || problem?.startsWith(`${kind}: `) === true;
    return problem === undefined || isOfAll ? [] : [{name, problem}];
  });
  for (const {name, problem} of problems)
    mistakes.add([...path, name], problem, problem.includes('has no attribute') ? 'key' : 'value');
  const given = attributes as ToxicAttributes;
  const missing = problems.length === 0 ? problemOf(kind, target, given) : undefined;
  // The example there is one of the command line.
  if (missing !== undefined) mistakes.add([...path, 'fault'], missing.replace(/, as in: .*$/s, '.'));
  return {type: 'teralab', does: 'fault', kind, target, attributes: given, forMs};
}

function problemOf(kind: FaultKind, target: string, attributes: ToxicAttributes): string | undefined {
  try {
    checkRequest({kind, target, attributes, forMs: FAULT_FOR_MS, seed: 1, reason: 'experiment'});
    return undefined;
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
}

function isAttribute(value: unknown): value is ToxicAttributes[string] {
  return (
    typeof value === 'string' ||
    typeof value === 'number' ||
    (typeof value === 'object' && value !== null && !Array.isArray(value))
  );
}

function checkClear(record: Raw, path: Path, {mistakes, names}: LabProviderContext): LabProvider | undefined {
  mistakes.unknownKeys(record, path, ['type', 'clear'], 'An action that clears');
  if (record.clear === 'all') return {type: 'teralab', does: 'clear', what: undefined};
  const what = mistakes.choice(record.clear, [...path, 'clear'], 'What is cleared', ['all', ...names]);
  return what === undefined ? undefined : {type: 'teralab', does: 'clear', what};
}

function checkLoad(record: Raw, path: Path, context: LabProviderContext): LabProvider | undefined {
  const {mistakes} = context;
  mistakes.unknownKeys(
    record,
    path,
    ['type', 'load', 'rate', 'for', 'retries', 'backoff', 'timeout', 'patience'],
    'A load',
  );
  const profile = mistakes.choice(
    record.load,
    [...path, 'load'],
    'The profile of a load',
    PROFILES.map(({name}) => name),
  );
  const rate = readRate(record.rate);
  if (rate === undefined)
    mistakes.add(
      'rate' in record ? [...path, 'rate'] : path,
      `A load has a "rate", operations per second like 50/s, not ${kindOf(record.rate)}.`,
    );
  const retries =
    record.retries === undefined
      ? 0
      : mistakes.number(record.retries, [...path, 'retries'], 'The number of retries', 0, RETRIES_MAX);
  const timeoutMs = waitOf('timeout', 'How long each send is waited for', record, path, mistakes);
  const backoffMs =
    waitOf('backoff', 'How long a client waits before it sends again', record, path, mistakes) ?? BACKOFF_MS;
  const patienceMs = waitOf('patience', 'How long a client waits in all', record, path, mistakes);
  const forMs = checkFor(record, path, context);
  if (forMs === undefined && record.for === undefined && context.activityFor === undefined)
    mistakes.add(path, 'A load has a "for": how long it goes on.');
  if (profile === undefined || rate === undefined || forMs === undefined || retries === undefined) return undefined;
  return {
    type: 'teralab',
    does: 'load',
    profile,
    ratePerSecond: rate,
    forMs,
    retries,
    backoffMs,
    timeoutMs,
    patienceMs,
  };
}

function waitOf(key: string, owner: string, record: Raw, path: Path, mistakes: Mistakes): number | undefined {
  if (record[key] === undefined) return undefined;
  const ms = readDuration(record[key], 1000);
  if (ms !== undefined && ms > 0) return ms;
  return mistakes.add([...path, key], `${owner} is a duration like 500ms, not ${kindOf(record[key])}.`);
}

function checkFor(
  record: Raw,
  path: Path,
  {mistakes, activityFor, activityPath}: LabProviderContext,
): number | undefined {
  if (record.for !== undefined && activityFor !== undefined)
    return mistakes.add([...activityPath, 'for'], '"for" stands in the provider already.', 'key');
  const raw = record.for ?? activityFor;
  if (raw === undefined) return undefined;
  const forMs = readDuration(raw, 1000);
  if (forMs !== undefined && forMs > 0) return forMs;
  return mistakes.add(
    record.for === undefined ? [...activityPath, 'for'] : [...path, 'for'],
    `How long it lasts is a duration like 20s, not ${kindOf(raw)}.`,
  );
}
