import {mkdir, mkdtemp, rm, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {createCatalogue, matchId} from './catalogue.ts';
import {definitionProblems} from './definition.ts';

let labsFolder: string;
beforeEach(async () => {
  labsFolder = await mkdtemp(join(tmpdir(), 'teralab-catalogue-'));
});
afterEach(() => rm(labsFolder, {recursive: true, force: true}));

const ownModule = fileURLToPath(new URL('./verdict.ts', import.meta.url));

async function addLab(id: string, change = ''): Promise<void> {
  const folder = join(labsFolder, id);
  await mkdir(folder, {recursive: true});
  await writeFile(
    join(folder, 'lab.ts'),
    `import {pass} from ${JSON.stringify(ownModule)};
    const load = () => ({operations: []});
    export default {
      id: '${id}', title: 'A title', phase: ${id[1]}, weeks: [${id.startsWith('p2') ? '5, 6' : '1, 2'}], objective: 'distributed transactions',
      concepts: [], minutes: 5, needs: [], seams: {identity: {publisher: 'publisher.ts'}}, watch: 'x',
      baseline: {load, okShareMin: 1}, load, faults: () => [], recovery: {withinMs: 0}, final: async () => ({}), summary: () => [],
      tasks: [{id: 'one', title: 'One', judges: 'counting', codes: ['CODE'], judge: () => pass('a', 'b')}],
      wrong: [{name: 'worse', task: 'one', code: 'CODE', why: 'why'}], ${change}
    };`,
  );
}

describe('a catalogue', () => {
  it('lists labs in path order and loads them by id or by a prefix of their own', async () => {
    await addLab('p2-04-no-lost-events');
    await addLab('p0-00-first-break');
    await mkdir(join(labsFolder, 'not-a-lab'));
    const catalogue = createCatalogue({labsFolder});
    expect((await catalogue.list()).map(({id}) => id)).toEqual(['p0-00-first-break', 'p2-04-no-lost-events']);
    expect((await catalogue.load('p2-04')).title).toBe('A title');
    expect(await catalogue.folder('p2')).toBe(join(labsFolder, 'p2-04-no-lost-events'));
  });

  it('takes what was built where it is there', async () => {
    await addLab('p2-04-no-lost-events');
    const builtFolder = join(labsFolder, 'built');
    await mkdir(join(builtFolder, 'p2-04-no-lost-events'), {recursive: true});
    await writeFile(
      join(builtFolder, 'p2-04-no-lost-events', 'lab.js'),
      "export default {id: 'p2-04-no-lost-events', title: 'Built'}",
    );
    expect((await createCatalogue({labsFolder, builtFolder}).load('p2-04')).title).toBe('Built');
  });

  it('builds a lab again that was changed after it was built', async () => {
    await addLab('p2-04-no-lost-events');
    const built = join(labsFolder, 'built', 'p2-04-no-lost-events', 'lab.js');
    await mkdir(dirname(built), {recursive: true});
    await writeFile(built, "export default {id: 'p2-04-no-lost-events', title: 'Built'}");
    await utimes(built, new Date(0), new Date(0));
    expect((await createCatalogue({labsFolder, builtFolder: join(labsFolder, 'built')}).load('p2-04')).title).toBe(
      'A title',
    );
  });

  it('names the nearest lab for one that is not there', () => {
    const ids = ['p0-00-first-break', 'p2-04-no-lost-events', 'p2-05-break-the-circuit'];
    expect(() => matchId('p2-04-no-lost-event', ids)).not.toThrow();
    expect(() => matchId('p2-04-no-lots-events', ids)).toThrow('Did you mean p2-04-no-lost-events?');
    expect(() => matchId('no-lost-events', ids)).toThrow('Did you mean p2-04-no-lost-events?');
    expect(() => matchId('p2-0', ids)).toThrow('"p2-0" could be p2-04-no-lost-events or p2-05-break-the-circuit.');
    expect(() => matchId('', ids)).toThrow('There is no lab "".');
    expect(() => matchId('nothing like it', ids)).toThrow(/^There is no lab "nothing like it"\.$/);
  });

  it('says what is wrong with a definition', async () => {
    await addLab('p2-04-no-lost-events', "wrong: [{name: 'worse', task: 'two', code: 'CODE', why: 'why'}], minutes: 0");
    await expect(createCatalogue({labsFolder}).load('p2-04')).rejects.toMatchObject({
      code: 'BROKEN_LAB',
      message: expect.stringContaining('minutes'),
    });
    await addLab('p2-04-no-lost-events', "wrong: [{name: 'worse', task: 'two', code: 'CODE', why: 'why'}]");
    await expect(createCatalogue({labsFolder}).load('p2-04')).rejects.toThrow('there is no task two');
    await writeFile(join(labsFolder, 'p2-04-no-lost-events', 'lab.ts'), 'export const = 1');
    await expect(createCatalogue({labsFolder}).load('p2-04')).rejects.toMatchObject({code: 'BROKEN_LAB'});
  });

  it('says which text is missing', async () => {
    await addLab('p2-04-no-lost-events');
    await expect(createCatalogue({labsFolder}).texts('p2-04')).rejects.toMatchObject({code: 'BROKEN_LAB'});
    for (const name of ['brief', 'debrief', 'teach'])
      await writeFile(join(labsFolder, 'p2-04-no-lost-events', `${name}.md`), name);
    await writeFile(join(labsFolder, 'p2-04-no-lost-events', 'hints.md'), '## one / CODE / 1\nwhy?');
    expect(await createCatalogue({labsFolder}).texts('p2-04')).toMatchObject({
      brief: 'brief',
      hints: [{task: 'one'}],
      hintProblems: [],
    });
  });

  it('refuses files that leave the lab folder, and a folder of another name', () => {
    const seams = {identity: {publisher: '../../secret.ts'}};
    expect(definitionProblems({seams}, 'x').some(problem => problem.startsWith('seams.identity.publisher'))).toBe(true);
    expect(definitionProblems(undefined, 'x')).toHaveLength(1);
  });
});
