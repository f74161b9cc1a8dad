import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ERRORS} from '../src/errors.ts';
import {askedTests, wishes} from './support/asked.ts';
import {documentedCommands} from './support/documented.ts';
import {root} from './support/learner.ts';
import {docsLines, errorRows, exitCodeRows, faultSections, tableRows} from './support/tables.ts';

describe('docs', () => {
  it('lists every error with its exit code, its meaning and its fix, and no other', () => {
    expect(tableRows('errors.md')).toEqual(errorRows());
  });

  it('lists every exit code with its meaning', () => {
    expect(tableRows('exit-codes.md')).toEqual(exitCodeRows());
  });

  it('describes every fault of the catalogue, and no other', () => {
    const lines = docsLines('faults.md');
    const kinds = faultSections().map(([heading]) => heading);
    expect(lines.filter(line => line.startsWith('### '))).toEqual(kinds);
    for (const section of faultSections()) {
      const from = lines.indexOf(section[0] ?? '');
      expect(lines.slice(from, from + section.length)).toEqual(section);
    }
  });

  it('names every experiment that comes along, with what it is expected to come to', () => {
    const folder = join(root, 'labs', 'experiments');
    const files = readdirSync(folder).sort();
    const rows = docsLines('experiments.md').flatMap(
      line => /^\| `([\w-]+)` \|.*\| (completed|deviated) \|$/.exec(line)?.slice(1, 3).join(' ') ?? [],
    );
    const expected = files.map(file => {
      const [, word] = /^expected: (\w+)$/m.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      return `${file.replace('.yaml', '')} ${word}`;
    });
    expect(rows).toEqual(expected);
  });

  it('has readable examples of what --json prints', () => {
    expect(documentedCommands()).toContain('check');
    expect(new Set(documentedCommands()).size).toBe(documentedCommands().length);
  });

  it('links to files that are there', () => {
    const files = ['README.md', 'CONTRIBUTING.md', ...markdownIn('docs'), ...markdownIn('docs/labs')];
    const broken = files.flatMap(file => {
      const text = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
      return links.filter(target => !exists(join(root, file, '..', target))).map(target => `${file} -> ${target}`);
    });
    expect(broken).toEqual([]);
  });
});

describe('what people ask', () => {
  it('is proven by tests that are there and carry the number of whoever asked, each wish by one at least', () => {
    const tests = askedTests();
    for (const {wish, issues, tests: named} of wishes()) {
      expect(tests, wish).toEqual(expect.arrayContaining([...named]));
      expect(
        named.flatMap(test => test.issues),
        wish,
      ).toEqual(expect.arrayContaining([...issues]));
      expect(issues.length, wish).toBeGreaterThan(0);
    }
  });

  it('is all that tests name', () => {
    const key = ({file, title}: {readonly file: string; readonly title: string}): string => `${file}: ${title}`;
    const named = new Set(wishes().flatMap(({tests}) => tests.map(key)));
    expect([...named].toSorted()).toEqual(askedTests().map(key).toSorted());
    expect(named.size).toBeGreaterThan(17);
  });
});

describe('the error registry', () => {
  it('has no code that nothing reports', () => {
    const text = [...sources('src'), join(root, 'bin', 'teralab.js')]
      .filter(file => !/errors\.ts$|\.test\.tsx?$/.test(file))
      .map(file => readFileSync(file, 'utf8'))
      .join('\n');
    expect(Object.keys(ERRORS).filter(code => !new RegExp(`['" ]${code}\\b`).test(text))).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter(name => /\.tsx?$/.test(name))
    .map(name => join(root, folder, name));
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name));
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
