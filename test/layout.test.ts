import {readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each layer may import from besides itself and the files at the top of `src` (errors, paths, random, …). Arrows point down only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/topology': [],
  'src/checkers': ['src/fabric', 'src/load', 'src/history', 'src/topology'],
  'src/runtime': ['src/topology'],
  'src/fabric': ['src/topology'],
  'src/load': ['src/topology'],
  'src/history': [],
  'src/observe': [],
  'src/agent': ['src/fabric', 'src/observe', 'src/load', 'src/topology'],
  'src/faults': ['src/runtime', 'src/fabric', 'src/observe', 'src/load', 'src/topology', 'src/checkers', 'src/history'],
  'src/report': ['src/faults'],
  'src/labs': [
    'src/faults',
    'src/checkers',
    'src/runtime',
    'src/fabric',
    'src/observe',
    'src/load',
    'src/topology',
    'src/history',
    'services',
  ],
  'src/controller': [
    'src/labs',
    'src/agent',
    'src/faults',
    'src/checkers',
    'src/runtime',
    'src/fabric',
    'src/observe',
    'src/load',
    'src/topology',
    'src/history',
    'services/kit',
  ],
  'src/tui': [
    'src/controller',
    'src/labs',
    'src/faults',
    'src/checkers',
    'src/runtime',
    'src/fabric',
    'src/observe',
    'src/load',
    'src/topology',
    'src/history',
  ],
  'src/cli': [
    'src/tui',
    'src/report',
    'src/controller',
    'src/labs',
    'src/faults',
    'src/checkers',
    'src/runtime',
    'src/fabric',
    'src/observe',
    'src/load',
    'src/topology',
    'src/history',
  ],
  labs: ['src', 'services'],
  services: [],
};

describe('layout', () => {
  const files = ['src', 'services', 'labs'].flatMap(folder => sources(join(root, folder)));

  it('has imports that point down only', () => {
    const upward = files.flatMap(file =>
      imports(file)
        .filter(target => !allowed(relative(root, file), relative(root, target)))
        .map(target => `${relative(root, file)} -> ${relative(root, target)}`),
    );
    expect(upward).toEqual([]);
  });

  it('keeps labs and their checkers away from clock, network and files', () => {
    const impure = files
      .filter(file => relative(root, file).startsWith('src/checkers/') && !file.includes('.test.'))
      .filter(file => /from 'node:|Date\.now\(|performance\.now\(|Math\.random\(/.test(readFileSync(file, 'utf8')))
      .map(file => relative(root, file));
    expect(impure).toEqual([]);
  });

  it('has no escapes from the type checker', () => {
    const escapes = files
      .filter(file => /@ts-ignore|@ts-nocheck|\bas any\b|: any\b/.test(readFileSync(file, 'utf8')))
      .map(file => relative(root, file));
    expect(escapes).toEqual([]);
  });
});

function allowed(from: string, to: string): boolean {
  const layer = layerOf(from);
  if (layer === undefined) return true;
  if (to.startsWith(`${layer}/`)) return true;
  // Tests beside the code leave themselves out as all others do where a tool is missing.
  if (/\.test\.tsx?$/.test(from) && to.startsWith('test/support/')) return true;
  if (/^src\/[^/]+$/.test(to)) return layer !== 'services';
  return (MAY_IMPORT[layer] ?? []).some(folder => to.startsWith(`${folder}/`));
}

function layerOf(file: string): string | undefined {
  if (file.startsWith('services/')) return 'services';
  if (file.startsWith('labs/')) return 'labs';
  const [, folder] = /^(src\/[^/]+)\//.exec(file) ?? [];
  return folder;
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(match => resolve(dirname(file), match[1] ?? ''));
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}
