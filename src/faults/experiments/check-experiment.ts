import {checkActivities} from './check-activity.ts';
import {type Environment, readConfiguration, readSecrets} from './configuration.ts';
import {parseText} from './document.ts';
import {EXPECTED, type Experiment, HYPOTHESIS_STRATEGIES, type Hypothesis, ROLLBACK_STRATEGIES} from './experiment.ts';
import {isRecord, type Mistake, Mistakes} from './mistakes.ts';
import {readDuration} from './quantities.ts';
import {substitute} from './substitute.ts';

const KEYS = [
  'title',
  'description',
  'tags',
  'seed',
  'expected',
  'configuration',
  'secrets',
  'steady-state-hypothesis',
  'method',
  'rollbacks',
  'runtime',
  'contributions',
  'controls',
  'extensions',
  'version',
] as const;
/** Chaos Toolkit's own that do nothing here. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  controls: 'controls are Python code of Chaos Toolkit',
  extensions: 'extensions are for other tools',
  contributions: 'contributions are for reports of other tools',
};
/** Seeds are 32 bit, as those of the command line. */
const SEED_MAX = 0xffff_ffff;
const HYPOTHESIS_EVERY_MS = 1000;

export interface CheckOptions {
  readonly environment: Environment;
  /** Whether a program of this name or path can be run. */
  readonly canRun: (path: string) => boolean;
}

export type Checked =
  | {readonly experiment: Experiment; readonly mistakes: readonly []}
  | {readonly experiment: undefined; readonly mistakes: readonly Mistake[]};

/** Reads an experiment from YAML or JSON in Chaos Toolkit's vocabulary; says everything that is wrong with it, or gives it. Never throws. */
export function checkExperiment(text: string, options: CheckOptions): Checked {
  const parsed = parseText(text);
  if ('mistakes' in parsed) return {experiment: undefined, mistakes: parsed.mistakes};
  const mistakes = new Mistakes(parsed.locate);
  const experiment = readExperiment(parsed.value, options, mistakes);
  const {all} = mistakes;
  if (experiment !== undefined && all.length === 0) return {experiment, mistakes: []};
  return {
    experiment: undefined,
    mistakes: all.length > 0 ? all : [{line: 1, column: 1, message: 'This is no experiment.'}],
  };
}

function readExperiment(raw: unknown, options: CheckOptions, mistakes: Mistakes): Experiment | undefined {
  const document = mistakes.record(raw, [], 'An experiment');
  if (document === undefined) return undefined;
  mistakes.unknownKeys(document, [], KEYS, 'An experiment');
  const values = readConfiguration(document.configuration, options.environment, mistakes);
  const secrets = readSecrets(document.secrets, options.environment, mistakes);
  const filled = Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      key === 'configuration' || key === 'secrets'
        ? value
        : substitute(value, {values, keepEscapes: Object.keys(secrets).length > 0}),
    ]),
  );
  const at = (key: string): readonly string[] => (key in document ? [key] : []);
  const title = mistakes.text(filled.title, at('title'), 'The title of an experiment');
  if (filled.description !== undefined && typeof filled.description !== 'string')
    mistakes.text(filled.description, ['description'], 'The description');
  if (filled.tags !== undefined && filled.tags !== null)
    for (const [index, tag] of mistakes.list(filled.tags, ['tags'], 'The list of tags').entries())
      mistakes.text(tag, ['tags', index], 'A tag');
  const seed = filled.seed === undefined ? undefined : readSeed(filled.seed, mistakes);
  const expected =
    filled.expected === undefined
      ? undefined
      : mistakes.choice(filled.expected, ['expected'], 'What is expected', EXPECTED);
  const hypothesis = readHypothesis(filled['steady-state-hypothesis'], options, mistakes);
  const method = readMethod(filled, options, mistakes);
  const rollbacks =
    filled.rollbacks === undefined || filled.rollbacks === null
      ? []
      : checkActivities(filled.rollbacks, ['rollbacks'], {
          ...options,
          mistakes,
          where: 'rollbacks',
          names: namesOf(filled.method),
        });
  const runtime = readRuntime(filled.runtime, mistakes);
  if (title === undefined) return undefined;
  const {secrets: _, ...shown} = document;
  return {
    title,
    document: {...shown, title},
    seed,
    expected,
    secrets,
    hypothesis,
    method,
    rollbacks,
    ...runtime,
    notes: Object.entries(WITHOUT_EFFECT).flatMap(([key, why]) =>
      isEmpty(document[key]) ? [] : [`"${key}" has no effect here: ${why}.`],
    ),
  };
}

function readSeed(value: unknown, mistakes: Mistakes): number | undefined {
  const seed = mistakes.number(value, ['seed'], 'The seed', 0, SEED_MAX);
  if (seed === undefined || Number.isInteger(seed)) return seed;
  return mistakes.add(['seed'], 'The seed is a whole number.');
}

function readHypothesis(raw: unknown, options: CheckOptions, mistakes: Mistakes): Hypothesis | undefined {
  if (raw === undefined || raw === null) return undefined;
  const path = ['steady-state-hypothesis'];
  const record = mistakes.record(raw, path, 'The steady-state hypothesis');
  if (record === undefined) return undefined;
  mistakes.unknownKeys(record, path, ['title', 'description', 'probes', 'controls'], 'The steady-state hypothesis');
  const title = mistakes.text(
    record.title,
    'title' in record ? [...path, 'title'] : path,
    'The title of the hypothesis',
  );
  const probes =
    record.probes === undefined || record.probes === null
      ? []
      : checkActivities(record.probes, [...path, 'probes'], {...options, mistakes, where: 'hypothesis', names: []});
  return title === undefined ? undefined : {title, probes};
}

function readMethod(filled: Readonly<Record<string, unknown>>, options: CheckOptions, mistakes: Mistakes) {
  if (!('method' in filled)) {
    mistakes.add([], 'An experiment has a "method": a list of actions and probes, which may be empty.');
    return [];
  }
  if (filled.method === null) return [];
  return checkActivities(filled.method, ['method'], {
    ...options,
    mistakes,
    where: 'method',
    names: namesOf(filled.method),
  });
}

function readRuntime(
  raw: unknown,
  mistakes: Mistakes,
): Pick<Experiment, 'hypothesisStrategy' | 'hypothesisEveryMs' | 'rollbackStrategy'> {
  const byDefault = {
    hypothesisStrategy: 'default',
    hypothesisEveryMs: HYPOTHESIS_EVERY_MS,
    rollbackStrategy: 'default',
  } as const;
  if (raw === undefined || raw === null) return byDefault;
  const record = mistakes.record(raw, ['runtime'], 'The runtime of an experiment');
  if (record === undefined) return byDefault;
  mistakes.unknownKeys(record, ['runtime'], ['hypothesis', 'rollbacks'], 'The runtime of an experiment');
  const part = (name: 'hypothesis' | 'rollbacks', keys: readonly string[]): Readonly<Record<string, unknown>> => {
    if (record[name] === undefined) return {};
    const found = mistakes.record(record[name], ['runtime', name], `The runtime of the ${name}`) ?? {};
    mistakes.unknownKeys(found, ['runtime', name], keys, `The runtime of the ${name}`);
    return found;
  };
  const hypothesis = part('hypothesis', ['strategy', 'frequency']);
  const rollbacks = part('rollbacks', ['strategy']);
  const everyMs = hypothesis.frequency === undefined ? HYPOTHESIS_EVERY_MS : readDuration(hypothesis.frequency, 1000);
  if (everyMs === undefined || everyMs < 50)
    mistakes.add(['runtime', 'hypothesis', 'frequency'], 'How often the hypothesis is verified is 50ms or more.');
  return {
    hypothesisStrategy:
      hypothesis.strategy === undefined
        ? 'default'
        : (mistakes.choice(
            hypothesis.strategy,
            ['runtime', 'hypothesis', 'strategy'],
            'When the hypothesis is verified',
            HYPOTHESIS_STRATEGIES,
          ) ?? 'default'),
    hypothesisEveryMs: everyMs ?? HYPOTHESIS_EVERY_MS,
    rollbackStrategy:
      rollbacks.strategy === undefined
        ? 'default'
        : (mistakes.choice(
            rollbacks.strategy,
            ['runtime', 'rollbacks', 'strategy'],
            'When rollbacks are played',
            ROLLBACK_STRATEGIES,
          ) ?? 'default'),
  };
}

function namesOf(method: unknown): readonly string[] {
  if (!Array.isArray(method)) return [];
  return method.flatMap(each => (isRecord(each) && typeof each.name === 'string' ? [each.name] : []));
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0)
  );
}
