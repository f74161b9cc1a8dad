import {patternProblem} from './check-tolerance.ts';
import {
  type LabProbe,
  type LabProvider,
  LINK_METRICS,
  NODE_METRICS,
  REQUEST_MEASURES,
  SLO_BOUNDS,
  SPAN_MEASURES,
  type Window,
} from './experiment.ts';
import {kindOf, type Mistakes, type Path} from './mistakes.ts';
import {readDuration, readShare} from './quantities.ts';

export const LAB_PROBES = ['sql', 'requests', 'trace', 'metric', 'log', 'slo', 'status'] as const;
const COMMON = ['type', 'probe', 'within'];

type Raw = Readonly<Record<string, unknown>>;

/** Probes of the running system. */
export function checkLabProbe(record: Raw, path: Path, mistakes: Mistakes): LabProvider | undefined {
  const kind = mistakes.choice(record.probe, [...path, 'probe'], 'The probe', LAB_PROBES);
  const withinMs = record.within === undefined ? 0 : readDuration(record.within, 1000);
  if (withinMs === undefined)
    mistakes.add([...path, 'within'], `"within" is a duration like 20s, not ${kindOf(record.within)}.`);
  const probe = kind === undefined ? undefined : READERS[kind](record, path, mistakes);
  return probe === undefined || withinMs === undefined ? undefined : {type: 'teralab', does: 'probe', probe, withinMs};
}

const READERS: Readonly<
  Record<(typeof LAB_PROBES)[number], (record: Raw, path: Path, mistakes: Mistakes) => LabProbe | undefined>
> = {
  sql: (record, path, mistakes) => {
    mistakes.unknownKeys(record, path, [...COMMON, 'node', 'query'], 'The probe "sql"');
    const node = textAt('node', 'The node', record, path, mistakes);
    const query = textAt('query', 'The query', record, path, mistakes);
    return node === undefined || query === undefined ? undefined : {kind: 'sql', node, query};
  },
  requests: (record, path, mistakes) => {
    mistakes.unknownKeys(
      record,
      path,
      [...COMMON, 'link', 'route', 'method', 'measure', 'window'],
      'The probe "requests"',
    );
    const link = textAt('link', 'The link', record, path, mistakes);
    const measure = mistakes.choice(
      record.measure,
      'measure' in record ? [...path, 'measure'] : path,
      'What is measured',
      REQUEST_MEASURES,
    );
    const route = optionalText('route', record, path, mistakes);
    const method = optionalText('method', record, path, mistakes)?.toUpperCase();
    const window = windowOf(record, path, mistakes);
    return link === undefined || measure === undefined
      ? undefined
      : {kind: 'requests', link, route, method, measure, window};
  },
  trace: (record, path, mistakes) => {
    mistakes.unknownKeys(
      record,
      path,
      [...COMMON, 'service', 'span', 'link', 'measure', 'window'],
      'The probe "trace"',
    );
    const at = 'measure' in record ? [...path, 'measure'] : path;
    const measure = mistakes.choice(record.measure, at, 'What is measured of spans', SPAN_MEASURES);
    const service = optionalText('service', record, path, mistakes);
    const span = optionalText('span', record, path, mistakes);
    const link = optionalText('link', record, path, mistakes);
    const window = windowOf(record, path, mistakes);
    return measure === undefined ? undefined : {kind: 'trace', service, span, link, measure, window};
  },
  metric: (record, path, mistakes) => {
    mistakes.unknownKeys(record, path, [...COMMON, 'link', 'node', 'metric'], 'The probe "metric"');
    if ((record.link === undefined) === (record.node === undefined))
      return mistakes.add(path, 'The probe "metric" is of a "link" or of a "node".');
    const at = 'metric' in record ? [...path, 'metric'] : path;
    if (record.link !== undefined) {
      const link = textAt('link', 'The link', record, path, mistakes);
      const metric = mistakes.choice(record.metric, at, 'The metric of a link', LINK_METRICS);
      return link === undefined || metric === undefined ? undefined : {kind: 'metric', link, metric};
    }
    const node = textAt('node', 'The node', record, path, mistakes);
    const metric = mistakes.choice(record.metric, at, 'The metric of a node', NODE_METRICS);
    return node === undefined || metric === undefined ? undefined : {kind: 'metric', node, metric};
  },
  log: (record, path, mistakes) => {
    mistakes.unknownKeys(record, path, [...COMMON, 'node', 'pattern', 'window'], 'The probe "log"');
    const node = textAt('node', 'The node', record, path, mistakes);
    const pattern = textAt('pattern', 'The pattern', record, path, mistakes);
    const problem = pattern === undefined ? undefined : patternProblem(pattern);
    if (problem !== undefined) mistakes.add([...path, 'pattern'], `The pattern cannot be read: ${problem}.`);
    const window = windowOf(record, path, mistakes);
    return node === undefined || pattern === undefined ? undefined : {kind: 'log', node, pattern, window};
  },
  slo: (record, path, mistakes) => {
    mistakes.unknownKeys(record, path, [...COMMON, 'route', 'window', ...SLO_BOUNDS], 'The probe "slo"');
    const bounds: Partial<Record<(typeof SLO_BOUNDS)[number], number>> = {};
    for (const name of SLO_BOUNDS) {
      if (record[name] === undefined) continue;
      const value = name === 'availability' ? readShare(record[name]) : readDuration(record[name]);
      if (value === undefined)
        mistakes.add(
          [...path, name],
          `${name} is ${name === 'availability' ? 'a share like 0.99 or 99%' : 'a duration like 500ms'}, not ${kindOf(record[name])}.`,
        );
      else bounds[name] = value;
    }
    if (!SLO_BOUNDS.some(name => record[name] !== undefined))
      mistakes.add(path, `The probe "slo" has at least one of ${SLO_BOUNDS.join(', ')}.`);
    return {
      kind: 'slo',
      route: optionalText('route', record, path, mistakes),
      window: windowOf(record, path, mistakes),
      bounds,
    };
  },
  status: (record, path, mistakes) => {
    mistakes.unknownKeys(record, path, COMMON, 'The probe "status"');
    return {kind: 'status'};
  },
};

function windowOf(record: Raw, path: Path, mistakes: Mistakes): Window {
  if (record.window === undefined) return {lastMs: undefined};
  const lastMs = readDuration(record.window, 1000);
  if (lastMs === undefined || lastMs === 0)
    mistakes.add([...path, 'window'], `"window" is how far back it looks, like 5s, not ${kindOf(record.window)}.`);
  return {lastMs};
}

function textAt(key: string, owner: string, record: Raw, path: Path, mistakes: Mistakes): string | undefined {
  return mistakes.text(record[key], key in record ? [...path, key] : path, owner);
}

function optionalText(key: string, record: Raw, path: Path, mistakes: Mistakes): string | undefined {
  return record[key] === undefined ? undefined : mistakes.text(record[key], [...path, key], `"${key}"`);
}
