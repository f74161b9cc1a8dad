import {GENERAL_HINTS} from './general-hints.ts';

/** One hint: `## <task id> / <code> / <level>` and the text below it. Level 1 is a question, the last one nearly the fix. */
export interface Hint {
  readonly task: string;
  readonly code: string;
  readonly level: number;
  readonly text: string;
}

export interface ParsedHints {
  readonly hints: readonly Hint[];
  /** What could not be read, one sentence each with its line. */
  readonly problems: readonly string[];
}

/** A failed item of a check. */
export interface FailedItem {
  readonly task: string;
  readonly code: string;
}

export interface NextHint {
  readonly hint: Hint;
  /** How it is remembered as shown. */
  readonly key: string;
  /** Hints that there are for this task and code. */
  readonly levels: number;
  /** Everything had been shown already; this is the last one again. */
  readonly repeated: boolean;
}

/** Reads a lab's `hints.md`. Text before the first heading is for its authors. Never throws. */
export function parseHints(markdown: string): ParsedHints {
  const hints: Hint[] = [];
  const problems: string[] = [];
  for (const {heading, line, body} of sections(markdown)) {
    const [, task, code, level] = /^([^\s/]+) *\/ *([A-Z0-9_]+) *\/ *([1-9])$/.exec(heading) ?? [];
    if (task === undefined || code === undefined || level === undefined) {
      problems.push(`line ${line}: "${heading}" does not read "<task id> / <CODE> / <level>"`);
      continue;
    }
    if (body === '') problems.push(`line ${line}: ${heading} has no text`);
    hints.push({task, code, level: Number(level), text: body});
  }
  return {hints, problems};
}

/**
 * Picks the hint to show next for what failed: the lowest level not shown yet of the first failed item that has any left;
 * when all were shown, the last one of the first item again. Undefined when nothing that failed has hints.
 */
export function nextHint(
  hints: readonly Hint[],
  failed: readonly FailedItem[],
  shown: readonly string[],
): NextHint | undefined {
  let last: NextHint | undefined;
  for (const item of failed) {
    const levels = hintsFor(hints, item);
    const fresh = levels.find(hint => !shown.includes(hintKey(hint)));
    if (fresh) return {hint: fresh, key: hintKey(fresh), levels: levels.length, repeated: false};
    const final = levels.at(-1);
    if (final) last ??= {hint: final, key: hintKey(final), levels: levels.length, repeated: true};
  }
  return last;
}

export function hintKey({task, code, level}: Pick<Hint, 'task' | 'code' | 'level'>): string {
  return `${task}/${code}/${level}`;
}

/** What is missing, unreachable or out of order in a lab's hints, one sentence each. */
export function hintProblems(
  hints: readonly Hint[],
  tasks: readonly {readonly id: string; readonly codes: readonly string[]}[],
): readonly string[] {
  const problems: string[] = [];
  for (const task of tasks) {
    for (const code of task.codes) {
      const levels = hintsFor(hints, {task: task.id, code}).map(hint => hint.level);
      if (levels.length === 0) problems.push(`${task.id} / ${code} has no hint`);
      else if (levels.some((level, index) => level !== index + 1))
        problems.push(`${task.id} / ${code} has the levels ${levels.join(', ')}; they go 1, 2, … without gaps`);
    }
  }
  for (const hint of hints) {
    const reachable = tasks.some(task => task.id === hint.task && task.codes.includes(hint.code));
    if (!reachable) problems.push(`${hintKey(hint)} is never shown: no task fails with it`);
    else if (hint.level === 1 && !hint.text.includes('?')) problems.push(`${hintKey(hint)} asks no question`);
  }
  return problems;
}

/** Hints of one failed item by level. What any lab can fail with has hints of its own, which a lab's own take the place of. */
function hintsFor(hints: readonly Hint[], {task, code}: FailedItem): readonly Hint[] {
  const own = hints.filter(hint => hint.task === task && hint.code === code);
  const general = (GENERAL_HINTS[code] ?? []).map((text, index) => ({task, code, level: index + 1, text}));
  return (own.length > 0 ? own : general).toSorted((a, b) => a.level - b.level);
}

function sections(markdown: string): {readonly heading: string; readonly line: number; readonly body: string}[] {
  const found: {heading: string; line: number; lines: string[]}[] = [];
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    if (text.startsWith('## ')) found.push({heading: text.slice(3).trim(), line: index + 1, lines: []});
    else found.at(-1)?.lines.push(text);
  }
  return found.map(({heading, line, lines}) => ({heading, line, body: lines.join('\n').trim()}));
}
