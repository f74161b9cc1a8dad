import type {CheckEvent, Phase} from '../controller/protocol.ts';
import type {Context} from './context.ts';
import {ms, seconds} from './output/figures.ts';
import {paintErr} from './output/paint.ts';
import {attributesText} from './render/fault.ts';
import {VERDICT_LOOK} from './render/verdict.ts';

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  prepare: 'prepare',
  baseline: 'baseline',
  attack: 'attack',
  heal: 'heal',
  replay: 'replay',
  final: 'final reads',
  judge: 'judge',
};

export interface CheckEventOptions {
  /** Tasks are told as they are judged; off where the result follows in full anyway. */
  readonly tasks: boolean;
}

/** Tells a run on stderr as it goes: its phases, its faults, and its figures. */
export function tellCheck(context: Context, options: CheckEventOptions): (event: CheckEvent) => void {
  let phase:
    | {readonly name: Phase; readonly text: string; readonly since: number; readonly expectedMs?: number}
    | undefined;
  const share = (): number | undefined =>
    phase?.expectedMs === undefined || phase.expectedMs <= 0
      ? undefined
      : Math.min(1, (Date.now() - phase.since) / phase.expectedMs);
  return event => {
    switch (event.type) {
      case 'phase': {
        phase = {
          name: event.phase,
          text: event.text,
          since: Date.now(),
          ...(event.expectedMs === undefined ? {} : {expectedMs: event.expectedMs}),
        };
        const expected =
          event.expectedMs === undefined || event.expectedMs < 1000 ? '' : ` (about ${seconds(event.expectedMs)})`;
        const words = PHASE_WORDS[event.phase];
        const line = `${event.text.startsWith(words) ? event.text : `${words}: ${event.text}`}${expected}`;
        // On a terminal the phase stays as a line, and its figures update below it.
        if (context.updates) context.progress.note(paintErr.faint(line));
        context.progress.step(context.updates ? event.text : line, context.updates ? share() : undefined);
        break;
      }
      case 'live':
        if (context.updates)
          context.progress.step(
            `${event.sent} sent, ${event.ok} ok, ${event.failed} failed, p50 ${ms(event.p50)}, p99 ${ms(event.p99)}`,
            share(),
          );
        break;
      case 'fault': {
        const {fault} = event;
        const attributes = attributesText(fault);
        const what = `${fault.kind} on ${fault.target}${attributes === '' ? '' : ` (${attributes})`}`;
        const measured = fault.state === 'ended' ? fault.healed : fault.effect;
        const effect = measured === undefined ? '' : `: ${measured.observed}`;
        context.say(`${paintErr.warn('⚡')} ${what} ${fault.state}${effect}`);
        break;
      }
      case 'note':
        context.say(`  ${event.text}`);
        break;
      case 'task': {
        if (!options.tasks) break;
        const {mark, word, colour} = VERDICT_LOOK[event.task.verdict];
        context.say(
          `${paintErr[colour](`${mark} ${event.task.id}: ${word}`)}${event.task.code === null ? '' : ` ${event.task.code}`}`,
        );
        break;
      }
    }
  };
}
