import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {FAULT_CATALOGUE} from '../catalogue.ts';
import {checkExperiment} from './check-experiment.ts';
import {EXPERIMENT_BYTES_MAX} from './document.ts';
import type {Experiment} from './experiment.ts';

const SAMPLES = fileURLToPath(new URL('./samples/', import.meta.url));
const options = {
  environment: {HOST: 'example.test', PORT: '8080', TOKEN: 'hush'},
  canRun: (path: string) => path !== 'nowhere',
};

function mistakesOf(text: string): readonly string[] {
  return checkExperiment(text, options).mistakes.map(({line, column, message}) => `${line}:${column}: ${message}`);
}

function experimentOf(text: string): Experiment {
  const {experiment, mistakes} = checkExperiment(text, options);
  expect(mistakes).toEqual([]);
  return experiment as Experiment;
}

/** An experiment with one activity in its method, which begins at line 3. */
function method(activity: string): string {
  return `title: t\nmethod:\n${activity.replace(/^/gm, '    ').replace(/^ {4}/, '  - ')}\n`;
}

describe('checkExperiment', () => {
  it.each(readdirSync(SAMPLES))('takes the Chaos Toolkit experiment %s as it is', file => {
    experimentOf(readFileSync(join(SAMPLES, file), 'utf8'));
  });

  it('finds all mistakes at once, each with its line and column and the nearest right word', () => {
    const text = [
      'titel: Slow identity',
      'seed: 1.5',
      'steady-state-hypothesis:',
      '  title: it answers',
      '  probes:',
      '    - type: probe',
      '      name: page',
      '      provider: {type: http, url: "ftp://x", metod: GET}',
      'method:',
      '  - type: action',
      '    name: slow',
      '    provider:',
      '      type: teralab',
      '      fault: latncy',
      '      target: identity',
      '  - type: actoin',
      '    name: slower',
      '    provider: {type: teralab, fault: latency, target: identity, latency: 5s, jiter: 1, toxicity: 2}',
      '  - type: action',
      '    name: code',
      '    provider: {type: python, module: m, func: f}',
      '',
    ].join('\n');
    expect(mistakesOf(text)).toEqual([
      '1:1: An experiment has no "titel". Did you mean "title"?',
      '1:1: The title of an experiment is a text, not nothing.',
      '2:7: The seed is a whole number.',
      '6:7: A probe of the hypothesis has a "tolerance": what its output has to be.',
      '8:35: The URL begins with http:// or https://, and the text "ftp://x" is none.',
      '8:46: The provider "http" has no "metod". Did you mean "method"?',
      expect.stringMatching(/^14:14: The fault is .*, not "latncy". Did you mean "latency"\?$/),
      '16:11: The type of an activity is action, probe, not "actoin". Did you mean "action"?',
      expect.stringMatching(/^18:78: latency has no attribute "jiter".* Did you mean "jitter"\?$/),
      expect.stringMatching(/^18:98: toxicity of latency is a number from 0 to 1/),
      '21:22: teralab runs no Python: use "http", "process" (which can start Python) or "teralab".',
    ]);
  });

  it('takes every fault of the catalogue, as its example has it', () => {
    for (const {kind, attributes} of FAULT_CATALOGUE) {
      const given = attributes
        .filter(({required}) => required === true)
        .map(({name, range, choices}) => `${name}: ${choices?.[0] ?? range?.[1] ?? 'x'}`);
      const activity = [
        'type: action',
        'name: a',
        'provider:',
        '  type: teralab',
        `  fault: ${kind}`,
        '  target: identity',
        '  for: 5s',
        ...given.map(line => `  ${line}`),
      ];
      const [action] = experimentOf(method(activity.join('\n'))).method;
      expect(action?.provider).toMatchObject({does: 'fault', kind, target: 'identity', forMs: 5000});
    }
  });

  it('says what a fault needs, and what can be measured of traces', () => {
    expect(mistakesOf(method('type: action\nname: a\nprovider: {type: teralab, fault: latency, target: x}'))).toEqual([
      expect.stringMatching(/^5:38: latency needs latency /),
    ]);
    expect(mistakesOf(method('type: probe\nname: a\nprovider: {type: teralab, probe: trace}'))).toEqual([
      expect.stringMatching(/^5:15: What is measured of spans is errors, p50, p99, count/),
    ]);
  });

  it('fills in configuration with its type, from the environment too, and leaves the words of a shell alone', () => {
    const {method: activities} = experimentOf(`
title: t
configuration:
  host: {type: env, key: HOST}
  port: {type: env, key: PORT, env_var_type: int}
  path: {type: env, key: NOT_THERE, default: /livez}
  status: 204
method:
  - type: probe
    name: p
    tolerance: \${status}
    provider: {type: http, url: "http://\${host}:\${port}\${path}", arguments: {port: "\${port}"}}
  - type: action
    name: q
    provider: {type: process, path: sh, arguments: "-c 'echo $HOME $$port $port'"}
`);
    expect(activities[0]).toMatchObject({
      tolerance: {kind: 'equals', value: 204},
      provider: {url: 'http://example.test:8080/livez', arguments: {port: 8080}},
    });
    expect(activities[1]).toMatchObject({provider: {arguments: "-c 'echo $HOME $port 8080'"}});
    expect(mistakesOf('title: t\nconfiguration:\n  a: {type: env, key: GONE}\nmethod: []\n')).toEqual([
      '3:6: The environment has no GONE, and no default is given.',
    ]);
  });

  it('keeps secrets apart from what a journal gets to see', () => {
    const experiment = experimentOf(`
title: t
secrets: {api: {token: {type: env, key: TOKEN}}}
method:
  - {type: probe, name: p, provider: {type: http, url: "http://x/", headers: {authorization: "Bearer \${token}"}}}
`);
    expect(experiment.secrets).toEqual({token: 'hush'});
    expect(JSON.stringify([experiment.document, experiment.method])).not.toContain('hush');
    expect(experiment.document).not.toHaveProperty('secrets');
  });

  it('says what it accepts without effect', () => {
    const {notes} = experimentOf('title: t\ncontrols: [{name: x}]\nextensions: []\nmethod: []\n');
    expect(notes).toEqual(['"controls" has no effect here: controls are Python code of Chaos Toolkit.']);
  });

  it('refuses what is too large, too deep or blown up by aliases', () => {
    expect(mistakesOf('x'.repeat(EXPERIMENT_BYTES_MAX + 1))).toHaveLength(1);
    expect(mistakesOf('['.repeat(100_000))).toHaveLength(1);
    expect(mistakesOf(`${'- '.repeat(50_000)}x`)).toHaveLength(1);
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefghij'[index]},`.repeat(9)}]`),
    ];
    expect(mistakesOf(bomb.join('\n'))[0]).toMatch(/alias/i);
  });
});

describe('any text at all', () => {
  const words = fc.constantFrom(
    'title',
    'method',
    'type',
    'provider',
    'teralab',
    'fault',
    'latency',
    'probe',
    'action',
    'sql',
    'slo',
    'load',
    'for',
    'at',
    'tolerance',
    'jsonpath',
    'path',
    '$',
    `\${a}`,
    '$..',
    'regex',
    'pattern',
    '(',
    'steady-state-hypothesis',
    'probes',
    'rollbacks',
    'configuration',
    'secrets',
    'runtime',
    '__proto__',
    'constructor',
    'name',
    'target',
    'http',
    'process',
    'url',
    '1e400',
  );
  const judged = (text: string): void => {
    const {experiment, mistakes} = checkExperiment(text, options);
    expect(experiment === undefined).toBe(mistakes.length > 0);
    const lines = text.split('\n').length;
    for (const {line, column, message} of mistakes) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines + 1);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(message).toMatch(/[.?!]$/);
    }
  };

  it('is an experiment, or has a mistake with a line', () => {
    fc.assert(fc.property(fc.string({unit: 'binary', maxLength: 400}), judged), {numRuns: 500});
    const marks = fc.constantFrom(
      ': ',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a',
      '*a',
      '"',
      "'",
      '|',
      '>',
      '#',
      '!!',
      '<<: ',
      '? ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, marks), {maxLength: 60}), parts => judged(parts.join(''))),
      {numRuns: 1500},
    );
  });

  it('is one of these also as a tree of the right words in wrong places', () => {
    const {tree} = fc.letrec<{tree: unknown}>(tie => ({
      tree: fc.oneof(
        {maxDepth: 6},
        words,
        fc.constantFrom(null, true, 0, -1, 1.5, 5, '5s', '99%', ''),
        fc.array(tie('tree'), {maxLength: 4}),
        fc.dictionary(words, tie('tree'), {maxKeys: 6}),
      ),
    }));
    const shaped = fc.record(
      {
        title: fc.oneof(fc.constant('t'), tree),
        method: fc.array(
          fc.record(
            {
              type: fc.oneof(fc.constantFrom('action', 'probe'), tree),
              name: fc.oneof(words, tree),
              provider: fc.oneof(
                fc.record(
                  {type: fc.constantFrom('teralab', 'http', 'process'), fault: tree, target: tree},
                  {requiredKeys: ['type']},
                ),
                tree,
              ),
              tolerance: tree,
              at: tree,
              pauses: tree,
            },
            {requiredKeys: []},
          ),
          {maxLength: 3},
        ),
        configuration: tree,
        secrets: tree,
        runtime: tree,
        'steady-state-hypothesis': tree,
      },
      {requiredKeys: []},
    );
    fc.assert(
      fc.property(fc.oneof(tree, shaped), value => judged(JSON.stringify(value, null, 1))),
      {numRuns: 1500},
    );
  });
});
