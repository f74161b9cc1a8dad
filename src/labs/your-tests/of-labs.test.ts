import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../../../services/kit/testing/postgres.ts';
import {createCatalogue} from '../catalogue.ts';
import {buildEntries, tryIn} from './testing.ts';

const catalogue = createCatalogue({labsFolder: fileURLToPath(new URL('../../../labs', import.meta.url))});
const labs = (await catalogue.list()).filter(({yourTests}) => yourTests !== undefined);

let scratch: string;
let entries: Awaited<ReturnType<typeof buildEntries>>;
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  scratch = await mkdtemp(join(tmpdir(), 'teralab-tests-'));
  entries = await buildEntries(scratch);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(scratch, {recursive: true, force: true});
});

describe.each(labs.map(lab => [lab.id, lab] as const))('the tests that %s asks for', (id, lab) => {
  const tried = async (variant: string) => {
    const labFolder = await catalogue.folder(id);
    const given = {lab, labFolder, entries, scratch, databaseUrl: postgres.url};
    return JSON.stringify((await tryIn(join(labFolder, variant), given)).judgement);
  };

  it('pass as the solution has them', async () => {
    expect(await tried('solution')).toContain('"verdict":"pass"');
  });

  it('are not there in the start', async () => {
    expect(await tried('start')).toContain('"verdict":"inconclusive","code":"NO_TESTS"');
  });

  it.each((lab.yourTests?.wrong ?? []).map(({name, code}) => [name, code]))(
    'are refused as %s: %s',
    async (name, code) => {
      expect(await tried(`tests/${name}`)).toContain(`"verdict":"fail","code":"${code}"`);
    },
  );
});
