import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {runEngineScript} from './support/engine-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'teralab-engine-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));
const nowhere = ['--folder', folder, '--host', `unix://${folder}/nobody.sock`];

describe('the engine script', () => {
  it('says what it can do when it is asked for something else', async () => {
    const {exitCode, stdout, stderr} = await runEngineScript('restart');
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''});
    expect(stderr).toContain('swarm up');
    expect((await runEngineScript('--colour')).stderr).toMatch(/^engine: .*'--colour'/);
  });

  it.each([
    [['status'], 1, 'no engine answers at'],
    [['start'], 1, 'No container engine answers at'],
    [['images'], 1, 'Start one with `node scripts/engine.js start`'],
  ])('says that nobody answers where it was told to look: %j', async (command, code, sentence) => {
    const {exitCode, stdout, stderr} = await runEngineScript(...command, ...nowhere);
    expect({exitCode, stdout}).toEqual({exitCode: code, stdout: ''});
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
    expect(readdirSync(folder)).toEqual([]);
  });
});
