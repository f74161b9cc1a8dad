import {cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {root} from './support/learner.ts';

const BUILT_AT = new Date('2026-01-01T12:00:00Z');
const LATER = new Date('2026-01-01T12:00:01Z');

/** A checkout whose command prints its arguments and does nothing. */
describe('the launcher of a checkout', () => {
  let checkout: string;

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'teralab-checkout-'));
    for (const file of ['bin/teralab.js', 'scripts/newer-source.js', 'package.json'])
      cpSync(join(root, file), join(checkout, file));
    put('dist/cli/main.js', 'export const main = async words => console.log(words.join(" "));', BUILT_AT);
    put('dist/THIRD-PARTY-NOTICES.txt', '', BUILT_AT);
    put('src/cli/main.ts', '', BUILT_AT);
  });
  afterEach(() => rmSync(checkout, {recursive: true, force: true}));

  it('says what has changed since the build before it starts something', async () => {
    put('src/labs/run/blame.ts', '', LATER);
    for (const words of [['up'], ['check', 'p0-00-first-break'], ['--no-color', 'labs', 'verify']]) {
      const {stdout, stderr} = await run(...words);
      expect(stdout).toBe(words.join(' '));
      expect(stderr).toBe(
        'src/labs/run/blame.ts is newer than what is built, and what is built runs. To run what is there now: node scripts/build.js',
      );
    }
  });

  it('says nothing when nothing that is built has changed', async () => {
    for (const file of ['src/labs/run/blame.test.ts', 'labs/a/start/compose.ts', 'labs/a/brief.md'])
      put(file, '', LATER);
    expect((await run('up')).stderr).toBe('');
  });

  it('does not look for commands that only show something, nor in a package without scripts', async () => {
    put('src/cli/main.ts', '', LATER);
    expect((await run('status')).stderr).toBe('');
    rmSync(join(checkout, 'scripts'), {recursive: true});
    expect((await run('up')).stderr).toBe('');
  });

  function put(file: string, text: string, changedAt: Date): void {
    const path = join(checkout, file);
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, text);
    utimesSync(path, changedAt, changedAt);
  }

  async function run(...words: readonly string[]): Promise<{readonly stdout: string; readonly stderr: string}> {
    return execa(process.execPath, [join(checkout, 'bin', 'teralab.js'), ...words]);
  }
});
