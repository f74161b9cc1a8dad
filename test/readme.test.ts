import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {bin, type Learner, newLearner, root} from './support/learner.ts';
import {leaveOut, TOO_BUSY} from './support/require.ts';

interface Example {
  readonly command: string;
  readonly shown: readonly string[];
}

/** Any number of lines that the README leaves out. */
const LEFT_OUT = '…';
/** A busy machine may make a check inconclusive; it is asked again. */
const TRIES_MAX = 3;

/** What the README shows in its `console` blocks is run, in order, in one empty folder; what it prints has to look as shown, but for numbers. */
describe.sequential('the README', () => {
  let learner: Learner;
  let undecided = false;
  const examples = examplesOf(readFileSync(join(root, 'README.md'), 'utf8'));

  beforeAll(() => {
    learner = newLearner();
  });
  afterAll(async () => learner[Symbol.asyncDispose]());

  it('shows the main commands', () => {
    expect(examples.map(({command}) => command)).toEqual(
      expect.arrayContaining(['npx teralab demo', 'npx teralab check p0-00-first-break', 'npx teralab clean']),
    );
  });

  it.for(examples.map(({command, shown}) => [command, shown] as const))(
    'shows what %s prints',
    async ([command, shown], context) => {
      // What tells of an earlier check says nothing of the README when that check proved nothing.
      if (undecided && /teralab (hint|progress)/.test(command)) leaveOut(context, TOO_BUSY);
      for (let attempt = 1; ; attempt++) {
        const {exitCode, stdout, stderr} = await runInShell(learner, command);
        if (exitCode === 3 && attempt < TRIES_MAX) continue;
        if (/teralab (demo|check)/.test(command)) undecided = exitCode === 3;
        if (exitCode === 3) leaveOut(context, TOO_BUSY);
        expect(missing(shown, stdout.split('\n')), `exit code ${exitCode}, printed:\n${stdout}\n${stderr}`).toEqual([]);
        expect(exitCode).toBe(shown.some(line => /^✖ p\d.*: fail/.test(line)) && !command.endsWith('demo') ? 1 : 0);
        return;
      }
    },
  );
});

async function runInShell({folder, env}: Learner, command: string) {
  const words = command.replace(/^npx teralab\b/, `'${process.execPath}' '${bin}'`);
  return execa('sh', ['-c', words], {
    cwd: folder,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 150_000,
    killSignal: 'SIGKILL',
  });
}

function examplesOf(markdown: string): readonly Example[] {
  return [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .filter(part => part.trim() !== '')
      .map(part => {
        const [command = '', ...shown] = part.trimEnd().split('\n');
        return {command, shown};
      }),
  );
}

/** Lines that are shown and were not printed there. Between two lines nothing may be printed that is not shown, unless `…` stands there. */
function missing(shown: readonly string[], printed: readonly string[]): readonly string[] {
  const found = printed.map(shapeOf);
  let at = 0;
  let mayskip = false;
  const lost: string[] = [];
  for (const line of shown) {
    if (line === LEFT_OUT) {
      mayskip = true;
      continue;
    }
    const position = found.indexOf(shapeOf(line), at);
    if (position === -1 || (!mayskip && position !== at)) lost.push(line);
    else {
      at = position + 1;
      mayskip = false;
    }
  }
  return lost;
}

/** A line without what differs from run to run: numbers and their units, ids of faults, bars, folders. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/\bf-[a-z0-9]{3}\b/g, 'f-#')
    .replaceAll(/\/\S+\/teralab\b/g, '#')
    .replaceAll(/[▏▎▍▌▋▊▉█]+/g, '#')
    .replaceAll(/\d[\d.,:]*( (ms|s|KB|MB|GB)\b)?/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
