import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {buildSeam} from './build-seam.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'teralab-build-'));
});
afterEach(() => rm(root, {recursive: true, force: true}));

async function build(files: Record<string, string>, file = 'publisher.ts') {
  const folder = join(root, 'lab');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), {recursive: true});
    await writeFile(join(folder, name), text);
  }
  await mkdir(folder, {recursive: true});
  return buildSeam({service: 'identity', seam: 'publisher', folder, file}, join(root, 'out'));
}

const HONEST = `
import type {CreatePublisher} from 'teralab/identity/seams/publisher';
import {createHash} from 'node:crypto';
import {twice} from './twice.ts';
export const createPublisher = (() => twice(createHash('md5').update('x').digest('hex'))) as unknown as CreatePublisher;
`;

describe('building a seam', () => {
  it('bundles own files, erases types and names the module by its content', async () => {
    const built = await build({
      'publisher.ts': HONEST,
      'twice.ts': 'export const twice = (text: string) => text + text;',
    });
    expect(built.ok).toBe(true);
    if (!built.ok) return;
    expect(basename(built.seam.file)).toMatch(/^publisher-[0-9a-f]{16}\.mjs$/);
    expect(built.judged.map(({file}) => file)).toEqual(['publisher.ts', 'twice.ts']);
    const module = (await import(/* @vite-ignore */ pathToFileURL(built.seam.file).href)) as {
      createPublisher(): string;
    };
    expect(module.createPublisher()).toHaveLength(64);
    expect(await readFile(built.seam.file, 'utf8')).toContain('sourceMappingURL=data:');
  });

  it('gives equal content the same name and other content another', async () => {
    const file = async (text: string) => {
      const built = await build({'publisher.ts': text});
      return built.ok ? built.seam.file : undefined;
    };
    const first = await file('export const a = 1;');
    expect(await file('export const a = 1;')).toBe(first);
    expect(await file('export const a = 2;')).not.toBe(first);
  });

  it('says where a syntax error is, with its line', async () => {
    const built = await build({'publisher.ts': 'const fine = 1;\nexport const = ;\n'});
    expect(built).toMatchObject({ok: false, code: 'DOES_NOT_BUILD'});
    if (built.ok) return;
    expect(built.observed).toMatch(/^publisher\.ts:2: /);
    expect(built.evidence[0]).toBe('2 | export const = ;');
  });

  it.each([
    ['a service', `import {createPublisher} from 'teralab/identity/seams/publisher'; export {createPublisher};`],
    ['a re-export of a service', `export * from 'teralab/identity/seams/publisher.default';`],
    ['a package', `import pg from 'pg'; export const createPublisher = () => pg;`],
    ['a file outside', `import {x} from '../outside.ts'; export const createPublisher = () => x;`],
    ['an absolute path', `import x from '/etc/hostname'; export const createPublisher = () => x;`],
    [
      'node:module',
      `import {createRequire} from 'node:module'; export const createPublisher = () => createRequire('/');`,
    ],
    ['a computed path', `export const createPublisher = async () => import(['te', 'ralab'].join(''));`],
    ['nothing but another file', `export {createPublisher} from './other.ts';`],
  ])('refuses %s', async (_what, text) => {
    await writeFile(join(root, 'outside.ts'), 'export const x = 1;');
    const built = await build({'publisher.ts': text, 'other.ts': 'export const createPublisher = () => 1;'});
    expect(built).toMatchObject({ok: false, code: 'NOT_YOURS'});
  });

  it('refuses a missing file', async () => {
    expect(await build({})).toMatchObject({ok: false, code: 'NOT_YOURS', observed: 'there is no file publisher.ts'});
  });

  it('refuses a link out of the folder, and one to nothing', async () => {
    await mkdir(join(root, 'lab'), {recursive: true});
    await writeFile(join(root, 'secret.ts'), 'export const createPublisher = () => 1;');
    await symlink(join(root, 'secret.ts'), join(root, 'lab', 'publisher.ts'));
    expect(await build({})).toMatchObject({ok: false, code: 'NOT_YOURS'});
    await symlink(join(root, 'nowhere.ts'), join(root, 'lab', 'dangling.ts'));
    expect(await build({}, 'dangling.ts')).toMatchObject({ok: false, code: 'NOT_YOURS'});
  });

  it('ignores paths of a tsconfig.json beside the files', async () => {
    const built = await build({
      'tsconfig.json': '{"compilerOptions": {"paths": {"teralab/*": ["./types/*"]}}}',
      'types/identity.ts': 'export const stolen = 1;',
      'publisher.ts': `import {stolen} from 'teralab/identity'; export const createPublisher = () => stolen;`,
    });
    expect(built).toMatchObject({ok: false, code: 'NOT_YOURS'});
  });
});
