import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {AnyLab} from '../lab.ts';
import {buildEntries, tryIn, writeFiles} from './testing.ts';
import type {TryBounds} from './try-tests.ts';

const seam = (body: string): string => `export const double = async (value: number): Promise<number> => ${body};\n`;

const LAB_FILES = {
  'start/double.ts': seam('value'),
  'solution/double.ts': seam('value * 2'),
  'right/added/double.ts': seam('value + value'),
  'wrong/small-ones/double.ts': seam('value < 10 ? value * 2 : value'),
  'wrong/throws/double.ts': seam("Promise.reject(new Error('a message of its own'))"),
  'bench.ts': `
    export default async ({load}) => {
      const {double} = await load();
      return {methods: {double: async value => double(value).catch(() => null)}};
    };`,
};

/** Only what the lab's tests are about. */
const lab = {
  id: 'p1-99-double',
  seams: {gateway: {double: 'double.ts'}},
  yourTests: {file: 'tests.ts', right: [{name: 'added', why: 'it adds'}], wrong: []},
  wrong: [
    {name: 'small-ones', task: 't', code: 'C', why: 'nobody tries large ones'},
    {name: 'throws', task: 't', code: 'C', why: 'it cannot'},
  ],
} as unknown as AnyLab;

let root: string;
let entries: Awaited<ReturnType<typeof buildEntries>>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'teralab-tests-'));
  entries = await buildEntries(root);
  await writeFiles(join(root, 'lab'), LAB_FILES);
});
afterAll(() => rm(root, {recursive: true, force: true}));

/** Repetitions matter to few of these. */
const ONCE = {rightRuns: 1, wrongRuns: 1};

let count = 0;
async function judged(source: string, bounds: Partial<TryBounds> = ONCE) {
  const files = join(root, `own-${++count}`);
  await writeFiles(files, {'tests.ts': source});
  return (await tryIn(files, {lab, labFolder: join(root, 'lab'), entries, scratch: files, bounds})).judgement;
}

const one = (body: string, before = ''): string =>
  `${before}\nexport const tests = {'a test': async ({double}) => { ${body} }};`;
const GOOD = 'for (const value of [3, 30]) if ((await double(value)) !== 2 * value) throw new Error("not doubled");';

describe('tests of a learner', () => {
  it('that tell right from wrong pass', async () => {
    expect(await judged(one(GOOD), {})).toMatchObject({verdict: 'pass'});
  });

  it('that look at one case only miss what is wrong elsewhere', async () => {
    const judgement = await judged(one('if ((await double(3)) !== 6) throw new Error("not doubled");'));
    expect(judgement).toMatchObject({
      code: 'TEST_MISSES',
      evidence: ['gets through: small-ones: nobody tries large ones'],
    });
  });

  it('fail also by a promise that they have left to itself', async () => {
    const stray = `void (async () => { ${GOOD} })(); await new Promise(resolve => setTimeout(resolve, 200));`;
    expect(await judged(one(stray))).toMatchObject({verdict: 'pass'});
  });

  it('are not there where there is no file, and where nothing is in it', async () => {
    const nobody = await tryIn(join(root, 'lab', 'start'), {lab, labFolder: join(root, 'lab'), entries, scratch: root});
    expect(nobody.judgement).toMatchObject({verdict: 'inconclusive', code: 'NO_TESTS'});
    expect(await judged('export const tests = {};')).toMatchObject({verdict: 'inconclusive', code: 'NO_TESTS'});
    expect(await judged('export const other = 1;')).toMatchObject({verdict: 'inconclusive', code: 'NO_TESTS'});
  });

  it('are told what they ask for in vain', async () => {
    const source = "export const tests = {'a test': async bench => { await bench.source('double'); }};";
    const {code, evidence} = await judged(source);
    expect(code).toBe('TEST_FAILS_ON_REFERENCE');
    expect(evidence[0]).toContain('there is no `source` here; there are double');
  });
});

/** Each with what refuses it; whatever it reads, it must not find out what it runs against. */
const CHEATS: readonly (readonly [string, string, RegExp])[] = [
  ['always pass', one(''), /^TEST_MISSES$/],
  ['always fail', one('throw new Error("wrong");'), /^TEST_FAILS_ON_REFERENCE$/],
  [
    'fail at random',
    one('if (Math.random() < 0.6) throw new Error("wrong");'),
    /^(TESTS_WAVER|TEST_FAILS_ON_REFERENCE)$/,
  ],
  [
    'read the code by its text',
    one('if (!/\\* 2|\\+/.test(String(double))) throw new Error("wrong");'),
    /^TEST_FAILS_ON_REFERENCE$/,
  ],
  [
    'tell variants by what the process was started with',
    one(
      'if (/wrong|start\\//.test(JSON.stringify([process.argv, process.execArgv, process.env]))) throw new Error("wrong");',
    ),
    /^TEST_MISSES$/,
  ],
  [
    'tell variants by messages and stacks of errors',
    one(
      'const seen = await double(3).catch((error: Error) => error.stack); if (/message of its own/.test(String(seen))) throw new Error("wrong");',
    ),
    /^TEST_MISSES$/,
  ],
  [
    'read what is in the lab',
    one('if (readdirSync(process.cwd()).length > 0) return;', "import {readdirSync} from 'node:fs';"),
    /^TEST_FAILS_ON_REFERENCE$/,
  ],
  [
    'count their runs in a file',
    one("appendFileSync('/tmp/teralab-count', '1');", "import {appendFileSync} from 'node:fs';"),
    /^TEST_FAILS_ON_REFERENCE$/,
  ],
  ['count their runs in memory', one('if (++runs > 1) throw new Error("wrong");', 'let runs = 0;'), /^TEST_MISSES$/],
  ['end the process', one('process.exit(0);'), /^TESTS_BREAK_OFF$/],
  ['end the process as they are loaded', 'process.exit(0); export const tests = {};', /^TESTS_BREAK_OFF$/],
  ['throw as they are loaded', 'throw new Error("at load"); export const tests = {};', /^TESTS_BREAK_OFF$/],
  ['never end', one('await new Promise(() => undefined);'), /^TEST_FAILS_ON_REFERENCE$/],
  [
    'say that they pass before they have run',
    one(GOOD, 'process.send?.({said: "passed", tests: 9});'),
    /^TEST_MISSES$/,
  ],
  ['end the bench', one('process.kill(process.ppid, "SIGKILL");'), /^TEST_FAILS_ON_REFERENCE$/],
  ['start a process', one('execSync("ls");', "import {execSync} from 'node:child_process';"), /^NOT_YOURS$/],
  ['are no TypeScript', 'export const tests = {', /^DOES_NOT_BUILD$/],
  ['are no functions', "export const tests = {'a test': 42};", /^TESTS_BREAK_OFF$/],
];

const RANDOM = /Math\.random/;

describe('tests that cheat', () => {
  it.each(CHEATS)('as those that %s do not pass', async (_, source, code) => {
    const judgement = await judged(source, RANDOM.test(source) ? {rightRuns: 6} : ONCE);
    expect(judgement.verdict).toBe('fail');
    expect(judgement.code).toMatch(code);
  });

  it.each([
    ['loop', one('for (;;) {}')],
    ['loop as they are loaded', 'for (;;) {} export const tests = {};'],
    ['take all memory', one('const kept: unknown[] = []; for (;;) kept.push(new Array(1e6).fill(0));')],
  ])('as those that %s are ended', async (_, source) => {
    expect(await judged(source, {...ONCE, runMsMax: 2_000})).toMatchObject({verdict: 'fail', code: 'TESTS_BREAK_OFF'});
  });
});
