import {mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openWorkspace} from './workspace.ts';

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const lab = {id: 'p2-04-no-lost-events', seams: {identity: {publisher: 'publisher.ts'}}};
const NOON = Date.UTC(2030, 0, 2, 12, 0, 0);

let root: string;
let source: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'teralab-workspace-'));
  source = join(root, 'source');
  await mkdir(join(source, 'start', 'parts'), {recursive: true});
  await writeFile(join(source, 'start', 'publisher.ts'), 'start');
  await writeFile(join(source, 'start', 'parts', 'relay.ts'), 'part');
});
afterEach(() => rm(root, {recursive: true, force: true}));

const open = () =>
  openWorkspace({
    folder: join(root, 'teralab'),
    templates: here('templates/workspace'),
    services: here('services'),
    now: () => NOON,
  });
const inWorkspace = (path: string): string => join(root, 'teralab', path);
const textOf = (path: string): Promise<string> => readFile(inWorkspace(path), 'utf8');

describe('a workspace', () => {
  it('is made with types of the seams and of what they import, and nothing that runs', async () => {
    await open().ensure();
    expect((await readdir(inWorkspace('.'))).sort()).toEqual([
      '.github',
      '.gitignore',
      '.teralab',
      'README.md',
      'tsconfig.json',
    ]);
    const types = await readdir(inWorkspace('.teralab/types'), {recursive: true});
    expect(types).toContain('identity/seams/publisher.ts');
    expect(types).toContain('gateway/seams/upstream-policy.ts');
    expect(types).toContain('kit/broker.ts');
    expect(types.filter(name => name.includes('.default.'))).toEqual([]);
    expect(types).not.toContain('gateway/seams/breaker.ts');
  });

  it('is a git repository of its own where it is in none, with a workflow that may be removed', async () => {
    const workspace = openWorkspace({
      folder: join(root, 'teralab'),
      templates: here('templates/workspace'),
      services: here('services'),
      repository: true,
    });
    await workspace.ensure();
    expect(await textOf('.gitignore')).toContain('.teralab/');
    expect((await stat(inWorkspace('.git/HEAD'))).isFile()).toBe(true);
    await rm(inWorkspace('.github'), {recursive: true});
    await rm(inWorkspace('.git'), {recursive: true});
    await workspace.ensure();
    expect(await readdir(inWorkspace('.'))).not.toContain('.github');
    expect(await readdir(inWorkspace('.'))).not.toContain('.git');
  });

  it('keeps what the learner changed, and brings its types up to date', async () => {
    const workspace = open();
    await workspace.ensure();
    await writeFile(inWorkspace('README.md'), 'mine');
    await writeFile(inWorkspace('.teralab/types/kit/broker.ts'), 'old');
    await workspace.ensure();
    expect(await textOf('README.md')).toBe('mine');
    expect(await textOf('.teralab/types/kit/broker.ts')).toBe(await readFile(here('services/kit/broker.ts'), 'utf8'));
  });

  it('gets the start files of a lab once, and never over those of the learner', async () => {
    const workspace = open();
    expect(await workspace.ensureLab(lab, source)).toEqual(['parts/relay.ts', 'publisher.ts']);
    await writeFile(inWorkspace(`labs/${lab.id}/publisher.ts`), 'mine');
    await rm(inWorkspace(`labs/${lab.id}/parts/relay.ts`));
    expect(await workspace.ensureLab(lab, source)).toEqual(['parts/relay.ts']);
    expect(await textOf(`labs/${lab.id}/publisher.ts`)).toBe('mine');
  });

  it('keeps the old files on a reset, each time in a folder of its own', async () => {
    const workspace = open();
    expect(await workspace.resetLab(lab, source)).toBeUndefined();
    for (const text of ['first', 'second']) {
      await writeFile(inWorkspace(`labs/${lab.id}/publisher.ts`), text);
      await workspace.resetLab(lab, source);
    }
    expect(await textOf(`labs/${lab.id}/publisher.ts`)).toBe('start');
    expect((await readdir(inWorkspace(`labs/${lab.id}/kept`))).sort()).toEqual([
      '2030-01-02T12-00-00',
      '2030-01-02T12-00-00-2',
    ]);
    expect(await textOf(`labs/${lab.id}/kept/2030-01-02T12-00-00/publisher.ts`)).toBe('first');
    expect(await textOf(`labs/${lab.id}/kept/2030-01-02T12-00-00-2/publisher.ts`)).toBe('second');
    expect(await textOf(`labs/${lab.id}/kept/2030-01-02T12-00-00-2/parts/relay.ts`)).toBe('part');
  });

  it('names the files to edit, or says which is missing', async () => {
    const workspace = open();
    await workspace.ensureLab(lab, source);
    expect(await workspace.editedFiles(lab)).toHaveLength(1);
    await rm(inWorkspace(`labs/${lab.id}/publisher.ts`));
    await expect(workspace.editedFiles(lab)).rejects.toMatchObject({code: 'WORKSPACE_FILE_MISSING'});
  });

  it('writes nothing through a link that leads out of it', async () => {
    const outside = join(root, 'outside');
    await mkdir(outside);
    await mkdir(inWorkspace('labs'), {recursive: true});
    await symlink(outside, inWorkspace(`labs/${lab.id}`));
    await expect(open().ensureLab(lab, source)).rejects.toMatchObject({code: 'NOT_ALLOWED'});
    await symlink(join(outside, 'new'), inWorkspace('README.md'));
    await expect(open().ensure()).rejects.toMatchObject({code: 'NOT_ALLOWED'});
    expect(await readdir(outside)).toEqual([]);
    await expect(stat(join(outside, 'new'))).rejects.toThrow();
  });
});
