import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Hint, hintKey, hintProblems, nextHint, parseHints} from './hints.ts';

const TEXT = `# Hints, for their authors

## nothing-missing / MISSING_EVENTS / 1
What happens to an event
when the process dies?

## nothing-missing / MISSING_EVENTS / 2
Write it in the same transaction.
### a smaller heading
belongs to the text
## nothing-twice / EFFECT_TWICE / 1
Which id has it?
`;

describe('hints', () => {
  it('are read with their task, code, level and text', () => {
    const {hints, problems} = parseHints(TEXT);
    expect(problems).toEqual([]);
    expect(hints.map(hintKey)).toEqual([
      'nothing-missing/MISSING_EVENTS/1',
      'nothing-missing/MISSING_EVENTS/2',
      'nothing-twice/EFFECT_TWICE/1',
    ]);
    expect(hints[0]?.text).toBe('What happens to an event\nwhen the process dies?');
    expect(hints[1]?.text).toContain('belongs to the text');
  });

  it('name the line of a heading that cannot be read', () => {
    expect(parseHints('\n## nothing-missing MISSING 1\ntext').problems).toEqual([
      'line 2: "nothing-missing MISSING 1" does not read "<task id> / <CODE> / <level>"',
    ]);
  });

  it('never throw, whatever the text is', () => {
    fc.assert(fc.property(fc.string({unit: 'binary'}), text => void parseHints(text)));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('## ', 'a / B / 1', '\n', '\r\n', ' / ', 'x')),
        parts => void parseHints(parts.join('')),
      ),
    );
  });

  it('come back from what was written', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const hint = fc.record({
      task: name,
      code: fc.stringMatching(/^[A-Z]{1,8}$/),
      level: fc.integer({min: 1, max: 9}),
      text: name,
    });
    fc.assert(
      fc.property(fc.array(hint), hints => {
        const text = hints
          .map(({task, code, level, text: body}) => `## ${task} / ${code} / ${level}\n\n${body}\n`)
          .join('\n');
        expect(parseHints(text)).toEqual({hints, problems: []});
      }),
    );
  });

  const hints: readonly Hint[] = parseHints(TEXT).hints;
  const missing = {task: 'nothing-missing', code: 'MISSING_EVENTS'};
  const twice = {task: 'nothing-twice', code: 'EFFECT_TWICE'};

  it('begin with the question, go on level by level, then to the next failed item', () => {
    const shown: string[] = [];
    const next = () => {
      const picked = nextHint(hints, [missing, twice], shown);
      if (picked) shown.push(picked.key);
      return picked && {key: picked.key, repeated: picked.repeated};
    };
    expect(next()).toEqual({key: 'nothing-missing/MISSING_EVENTS/1', repeated: false});
    expect(next()).toEqual({key: 'nothing-missing/MISSING_EVENTS/2', repeated: false});
    expect(next()).toEqual({key: 'nothing-twice/EFFECT_TWICE/1', repeated: false});
    expect(next()).toEqual({key: 'nothing-missing/MISSING_EVENTS/2', repeated: true});
  });

  it('are there for what any lab can fail with', () => {
    const picked = nextHint(hints, [{task: 'nothing-missing', code: 'DOES_NOT_LOAD'}], []);
    expect(picked?.hint.text).toContain('?');
    expect(nextHint(hints, [{task: 'nothing-missing', code: 'UNKNOWN'}], [])).toBeUndefined();
  });

  it('are complete when every code has its levels and every hint is reachable', () => {
    const tasks = [
      {id: 'nothing-missing', codes: ['MISSING_EVENTS', 'NOT_STORED']},
      {id: 'nothing-twice', codes: []},
    ];
    expect(hintProblems(hints, tasks)).toEqual([
      'nothing-missing / NOT_STORED has no hint',
      'nothing-twice/EFFECT_TWICE/1 is never shown: no task fails with it',
    ]);
    const gap = parseHints('## a / B / 1\nno question\n## a / B / 3\nx').hints;
    expect(hintProblems(gap, [{id: 'a', codes: ['B']}])).toEqual([
      'a / B has the levels 1, 3; they go 1, 2, … without gaps',
      'a/B/1 asks no question',
    ]);
  });
});
