import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openLabs} from './all-labs.ts';
import {createCatalogue} from './catalogue.ts';
import {lintLab} from './lint.ts';
import {makeLab} from './new-lab.ts';
import {typeCheckLab} from './type-check.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const id = 'p2-90-whole-pages';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teralab-new-'));
});
afterEach(() => rm(folder, {recursive: true, force: true}));

describe('a new lab', () => {
  it('is whole: it loads, and lint and types have nothing to say', async () => {
    const files = await makeLab({id, folder, packageFolder});
    expect(files).toEqual(expect.arrayContaining(['lab.ts', 'start/compose.ts', 'wrong/empty-instead/compose.ts']));
    const lab = await createCatalogue({labsFolder: folder, packageFolder}).load(id);
    expect(lab).toMatchObject({id, title: 'Whole pages', phase: 2});
    expect(await lintLab(lab, join(folder, id))).toEqual([]);
    const variants = ['start', 'solution', ...lab.wrong.map(({name}) => `wrong/${name}`)];
    const places = {
      folder: join(folder, id),
      templates: join(packageFolder, 'templates', 'workspace'),
      services: join(packageFolder, 'services'),
    };
    expect(await typeCheckLab({id, variants}, places)).toEqual([]);
  });

  it('gets a tsconfig beside it that leads an editor to what it imports', async () => {
    await makeLab({id, folder, packageFolder});
    const {compilerOptions} = JSON.parse(await readFile(join(folder, 'tsconfig.json'), 'utf8'));
    expect(compilerOptions.paths['teralab/*']).toEqual([
      expect.stringMatching(/\/src\/\*$/),
      expect.stringMatching(/\/services\/\*$/),
    ]);
  });

  it('is never made over another one, nor with an id that is none', async () => {
    await makeLab({id, folder, packageFolder});
    await expect(makeLab({id, folder, packageFolder})).rejects.toThrow('there already');
    await expect(makeLab({id: 'My Lab', folder, packageFolder})).rejects.toThrow('no id of a lab');
  });
});

describe('labs of another folder', () => {
  it('stand beside those of teralab, by id and in the order of the path', async () => {
    await makeLab({id, folder, packageFolder});
    const labs = openLabs({packageFolder, builtLabs: join(packageFolder, 'dist', 'labs'), labs: folder});
    expect(await labs.ids()).toEqual(expect.arrayContaining(['p0-00-first-break', id]));
    expect((await labs.load('p2-90')).id).toBe(id);
    expect(await labs.folder('p0-00')).toBe(join(packageFolder, 'labs', 'p0-00-first-break'));
    expect((await labs.texts(id)).brief).toContain('# Whole pages');
  });

  it('may not take the id of one of them', async () => {
    await makeLab({id: 'p2-04-no-lost-events', folder, packageFolder});
    const labs = openLabs({packageFolder, builtLabs: join(packageFolder, 'dist', 'labs'), labs: folder});
    await expect(labs.list()).rejects.toThrow('comes with teralab too');
  });
});
