import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {definitionProblems} from './definition.ts';
import {editedFiles} from './edited-files.ts';
import {hintProblems, parseHints} from './hints.ts';
import type {AnyLab} from './lab.ts';
import {questionProblems} from './predict/lint.ts';
import {YOUR_TESTS_TASK} from './your-tests/item.ts';
import {yourTestsProblems} from './your-tests/lint.ts';

const START_LINES_MAX = 60;
/** A solution may have this many times the lines of its start, and a few more where the start is tiny. */
const SOLUTION_TIMES_MAX = 2;
const SOLUTION_LINES_EXTRA = 10;
const BRIEF_LINES_MAX = 45;
const WRONG_FIXES_MIN = 2;

/** A finding about a lab's files. `warning`: a rule of taste that a lab may break with a reason. */
export interface LintFinding {
  readonly level: 'error' | 'warning';
  readonly text: string;
}

/** Looks at everything of a lab that can be told without running it: definition, texts, hints, variants. */
export async function lintLab(lab: AnyLab, folder: string): Promise<readonly LintFinding[]> {
  const id = folder.split(/[\\/]/).at(-1) ?? '';
  const errors = [...definitionProblems(lab, id)];
  const warnings: string[] = [];
  const read = (path: string): Promise<string | undefined> =>
    readFile(join(folder, path), 'utf8').catch(() => undefined);

  for (const name of ['brief.md', 'hints.md', 'debrief.md', 'teach.md']) {
    if (((await read(name)) ?? '').trim() === '') errors.push(`${name} is missing or empty`);
  }
  const {hints, problems} = parseHints((await read('hints.md')) ?? '');
  errors.push(...problems.map(problem => `hints.md, ${problem}`));
  const items = [...lab.tasks, ...(lab.yourTests === undefined ? [] : [YOUR_TESTS_TASK])];
  errors.push(...hintProblems(hints, items).map(problem => `hints.md: ${problem}`));

  const brief = (await read('brief.md')) ?? '';
  const plainBrief = plain(brief);
  for (const {title} of items) {
    if (!plainBrief.includes(plain(title))) errors.push(`brief.md does not name the task "${title}"`);
  }
  if (!plainBrief.includes(plain(lab.watch))) errors.push(`brief.md does not name the number to watch, "${lab.watch}"`);
  if (lab.predict !== undefined && !plainBrief.includes('predict'))
    errors.push('brief.md does not say that there is something to predict');
  errors.push(...questionProblems(lab).map(problem => `predict: ${problem}`));
  if (lab.timescale !== undefined && !plainBrief.includes(plain(lab.timescale)))
    errors.push(`brief.md does not say how times were shrunk, "${lab.timescale}"`);
  if (brief.split('\n').length > BRIEF_LINES_MAX)
    warnings.push(`brief.md has ${brief.split('\n').length} lines; ten to thirty are meant`);

  const files = editedFiles(lab);
  const variants = ['start', 'solution', ...lab.wrong.map(({name}) => `wrong/${name}`)];
  for (const variant of variants) {
    for (const file of files) {
      if ((await read(join(variant, file))) === undefined) errors.push(`${variant}/${file} is missing`);
    }
  }
  for (const file of files) {
    const [start, solution] = await Promise.all([read(join('start', file)), read(join('solution', file))]);
    const [startLines, solutionLines] = [codeLines(start), codeLines(solution)];
    if (startLines > START_LINES_MAX)
      warnings.push(`start/${file} has ${startLines} lines of code; mostly under ${START_LINES_MAX} are meant`);
    if (solutionLines > SOLUTION_TIMES_MAX * startLines + SOLUTION_LINES_EXTRA)
      warnings.push(
        `solution/${file} has ${solutionLines} lines of code, and the start ${startLines}; at most about twice as many are meant`,
      );
  }
  errors.push(...(await yourTestsProblems(lab, folder)));
  if (lab.wrong.length < WRONG_FIXES_MIN)
    errors.push(`there are ${lab.wrong.length} wrong fixes; it takes at least ${WRONG_FIXES_MIN}`);
  const declared = new Set(lab.wrong.map(({name}) => name));
  for (const name of await readdir(join(folder, 'wrong')).catch(() => [])) {
    if (!declared.has(name)) errors.push(`wrong/${name} is not declared in lab.ts`);
  }
  return [
    ...errors.map(text => ({level: 'error', text}) as const),
    ...warnings.map(text => ({level: 'warning', text}) as const),
  ];
}

/** Lines that are neither empty nor comments. */
function codeLines(text: string | undefined): number {
  const code = (text ?? '').replace(/\/\*[\s\S]*?\*\//g, '');
  return code.split('\n').filter(line => line.trim() !== '' && !/^(\/\/|#)/.test(line.trim())).length;
}

/** Markdown's marks and line breaks do not count when texts are compared. */
function plain(text: string): string {
  return text.replace(/[*_`]/g, '').replace(/\s+/g, ' ').toLowerCase();
}
