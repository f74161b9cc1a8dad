import type {ActivityRun, Journal} from '../../faults/experiments/journal.ts';
import {dateAndTime, milliseconds, offset, seconds} from '../figures.ts';
import {hideSecrets} from '../hide-secrets.ts';
import {code, codeBlock, markdownTable, paragraph, plain} from '../page/markdown-text.ts';
import {valueText} from '../untrusted.ts';
import {faultFacts} from './fault-facts.ts';
import {biteOf} from './fault-windows.ts';
import type {RenderOptions} from './html.ts';
import {heldText, hypothesisTitle, probeHistories} from './hypothesis.ts';
import {NUMBER_HEADS, numberCells} from './numbers-section.ts';
import {outcomeOf} from './outcome.ts';
import {phasesOf} from './phases.ts';
import {PHASE_HEADS, phaseCells} from './phases-section.ts';
import {repeatCommand} from './repeat.ts';
import {merged, overallSeries} from './series.ts';
import {spanOf} from './span.ts';
import {sparkTimeline} from './spark-timeline.ts';

const ROWS_MAX = 30;
const LOOKS_MAX = 8;
const OUTPUT_MAX = 160;

/** The report of an experiment as Markdown, for a pull request or a wiki: the same content without the picture. */
export function renderMarkdown(raw: Journal, {journalFile}: RenderOptions = {}): string {
  const journal = hideSecrets(raw);
  const parts = [
    ...headPart(journal),
    '## Timeline',
    codeBlock(sparkTimeline(journal)),
    ...phasesPart(journal),
    ...faultsPart(journal),
    ...hypothesisPart(journal),
    ...activitiesPart('Method', journal.run, journal.start, 'No activity was run.'),
    ...activitiesPart('Rollbacks', journal.rollbacks, journal.start, 'None was run.'),
    ...numbersPart(journal),
    '## Evidence',
    `Every figure is computed from the journal of run ${code(journal.id, 80)}, written by teralab ${plain(journal['teralab-version'], 40)} for ${code(journal.file, 300)}.${journalFile === undefined ? '' : ` It is [${plain(journalFile)}](${encodeURI(journalFile)}).`}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function headPart(journal: Journal): string[] {
  const {word, symbol, because, doubts} = outcomeOf(journal);
  const {experiment, seed, system, start, duration} = journal;
  return [
    `${symbol} **${word}**: ${plain(because)}`,
    ...doubts.map(doubt => `⚠ ${plain(doubt)}`),
    `# ${plain(experiment.title, 200)}`,
    ...(typeof experiment.description === 'string' ? [paragraph(experiment.description)] : []),
    [
      `- seed ${code(String(seed))}; run it again with ${code(repeatCommand(journal))}`,
      `- started ${dateAndTime(start)}, ${duration === null ? 'no end' : `took ${seconds(duration)}`}`,
      `- system: ${system === null ? 'none was needed' : `${plain(system.runtime)}, session ${code(system.session)}`}`,
    ].join('\n'),
  ];
}

function phasesPart(journal: Journal): string[] {
  const phases = phasesOf(journal);
  return phases.length === 0
    ? []
    : [
        '## What the load saw',
        markdownTable(
          PHASE_HEADS,
          phases.map(phase => phaseCells(phase).map(cell => plain(cell))),
          1,
        ),
      ];
}

function faultsPart(journal: Journal): string[] {
  const {to} = spanOf(journal);
  const sections = journal.faults.flatMap(fault => {
    const {word, look} = biteOf(fault);
    const verdict = look === 'good' ? word : `**${word.toUpperCase()}**`;
    return [
      `### ${plain(fault.kind)} on ${plain(fault.target, 200)} (${plain(fault.id, 40)}): ${verdict}`,
      faultFacts(fault, journal.start, to)
        .map(([name, text]) => `- ${name}: ${plain(text)}`)
        .join('\n'),
    ];
  });
  return ['## Faults', ...(sections.length === 0 ? ['None was injected.'] : sections)];
}

function hypothesisPart(journal: Journal): string[] {
  const {before, during, after} = journal.steady_states;
  const title = hypothesisTitle(journal);
  const held = during.filter(state => state.steady_state_met).length;
  const rows = probeHistories(journal).flatMap(({name, tolerance, looks}) => {
    const shown = looks
      .filter(look => look.when !== 'during' || !look.met || looks.length <= LOOKS_MAX)
      .slice(0, 4 * LOOKS_MAX);
    return shown.map(({when, at, met, seen}) => [
      plain(name, 120),
      code(tolerance, 80),
      `${when}, ${plain(offset(at, journal.start))}`,
      met ? '✔ held' : '✖ **did not hold**',
      code(seen, 120),
    ]);
  });
  return [
    `## Hypothesis${title === undefined ? '' : `: ${plain(title)}`}`,
    `Before: ${heldText(before)}. ${during.length === 0 ? '' : `During: held ${held} of ${during.length} times. `}After: ${heldText(after)}.`,
    ...(rows.length === 0 ? [] : [markdownTable(['probe', 'tolerance', 'when', 'verdict', 'seen'], rows)]),
  ];
}

function activitiesPart(title: string, runs: readonly ActivityRun[], start: number, empty: string): string[] {
  const rows = runs.map(({activity, status, start: at, duration, exception, output}) => [
    plain(offset(at, start)),
    `${activity.type} ${plain(activity.name, 120)}`,
    status === 'succeeded' ? '✔ succeeded' : `✖ **${status}**`,
    milliseconds(duration),
    exception !== undefined
      ? plain(exception, OUTPUT_MAX)
      : output === null || output === undefined
        ? ''
        : code(valueText(output), OUTPUT_MAX),
  ]);
  return [
    `## ${title}`,
    rows.length === 0 ? empty : markdownTable(['at', 'activity', 'status', 'took', 'output'], rows),
  ];
}

function numbersPart(journal: Journal): string[] {
  const all = overallSeries(journal.load);
  if (all.length === 0) return [];
  const merges = Math.ceil(all.length / ROWS_MAX);
  const rows = merged(all, ROWS_MAX).map(interval => numberCells(interval, journal.start).map(cell => plain(cell)));
  return [
    '## Numbers',
    ...(merges > 1 ? [`Each row stands for ${merges} intervals, with the worst latencies of them.`] : []),
    markdownTable(NUMBER_HEADS, rows, 0),
  ];
}
