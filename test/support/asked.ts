import {readdirSync, readFileSync} from 'node:fs';
import {join, normalize} from 'node:path';
import {root} from './learner.ts';
import {tableRows} from './tables.ts';

/** A test that names somebody's wish at the end of its title, as in `(Shopify/toxiproxy#281, #447)`. */
export interface AskedTest {
  readonly file: string;
  readonly title: string;
  /** `Shopify/toxiproxy#281`. */
  readonly issues: readonly string[];
}

export interface Wish {
  readonly wish: string;
  readonly issues: readonly string[];
  readonly tests: readonly AskedTest[];
}

const ISSUES = /\(([\w-]+\/[\w-]+)((?:#\d+(?:, )?)+)\)$/;

/** What docs/what-people-ask.md says. */
export function wishes(): readonly Wish[] {
  return tableRows('what-people-ask.md').map(row => {
    const [, wish = '', asked = '', , proof = ''] = row.split(/(?<!\\)\|/).map(cell => cell.trim());
    return {
      wish,
      issues: [...asked.matchAll(/\[([^\]]+#\d+)\]\(https:\/\/github\.com\//g)].map(([, issue = '']) => issue),
      tests: [...proof.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)].map(([, title = '', file = '']) =>
        askedTest(normalize(join('docs', file)), title),
      ),
    };
  });
}

/** Every test of the project that names somebody's wish. */
export function askedTests(): readonly AskedTest[] {
  return ['src', 'services', 'test'].flatMap(folder =>
    readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
      .filter(name => /\.test\.tsx?$/.test(name))
      .flatMap(name => titlesIn(join(folder, name))),
  );
}

function titlesIn(file: string): readonly AskedTest[] {
  const text = readFileSync(join(root, file), 'utf8');
  // The title of `it` or of `it.each(…)`: the first argument, on its line or on one of its own.
  return [...text.matchAll(/(?:\bit|\))\(\s*'([^'\n]+)',/g)]
    .map(([, title = '']) => askedTest(file, title))
    .filter(({issues}) => issues.length > 0);
}

function askedTest(file: string, title: string): AskedTest {
  const [, repository = '', numbers = ''] = ISSUES.exec(title) ?? [];
  return {file, title, issues: [...numbers.matchAll(/#\d+/g)].map(([number]) => `${repository}${number}`)};
}
