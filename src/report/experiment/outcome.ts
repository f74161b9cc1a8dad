import type {Journal} from '../../faults/experiments/journal.ts';
import {counted} from '../figures.ts';
import {withoutBite} from './fault-windows.ts';

/** How an experiment ended, as the first line of a report says it. */
export interface Outcome {
  readonly word: 'Completed' | 'Deviated' | 'Failed' | 'Aborted' | 'Interrupted' | 'Not finished';
  readonly look: 'good' | 'bad' | 'warn';
  /** Stands beside the colour. */
  readonly symbol: string;
  /** One sentence. */
  readonly because: string;
  /** What a reader should know before believing the word; sentences. */
  readonly doubts: readonly string[];
}

export function outcomeOf(journal: Journal): Outcome {
  const {word, look, symbol, otherwise} = wordOf(journal);
  return {word, look, symbol, because: journal.because ?? otherwise, doubts: doubtsOf(journal)};
}

function wordOf({
  status,
  deviated,
  steady_states,
}: Journal): Pick<Outcome, 'word' | 'look' | 'symbol'> & {readonly otherwise: string} {
  const bad = {look: 'bad', symbol: '✖'} as const;
  const stopped = {look: 'warn', symbol: '■'} as const;
  if (deviated && (status === 'completed' || status === 'failed'))
    return {word: 'Deviated', ...bad, otherwise: 'The hypothesis held before the method, and not afterwards.'};
  switch (status) {
    case 'completed':
      return {
        word: 'Completed',
        look: 'good',
        symbol: '✔',
        otherwise:
          steady_states.after === null
            ? 'All activities were run; there was no hypothesis to verify.'
            : 'The hypothesis held before the method and after it.',
      };
    case 'failed':
      return {word: 'Failed', ...bad, otherwise: 'An activity failed, or the hypothesis did not hold to begin with.'};
    case 'aborted':
      return {word: 'Aborted', ...stopped, otherwise: 'It was asked to stop.'};
    case 'interrupted':
      return {word: 'Interrupted', ...stopped, otherwise: 'What ran it was killed, so that the journal ends early.'};
    default:
      return {word: 'Not finished', ...stopped, otherwise: 'The journal was read while the experiment ran.'};
  }
}

function doubtsOf(journal: Journal): string[] {
  const doubts: string[] = [];
  const {faults, load, steady_states} = journal;
  const unproven = withoutBite(faults).length;
  if (unproven > 0) {
    const whole = faults.length === 1 ? 'The only fault' : `${unproven} of ${counted(faults.length, 'fault')}`;
    const verb = unproven === 1 ? 'was' : 'were';
    doubts.push(`${whole} ${verb} not seen to have an effect: that the system stood it proves nothing.`);
  }
  const stillThere = faults.filter(({appliedAt, endedAt}) => appliedAt !== undefined && endedAt === undefined).length;
  if (stillThere > 0) doubts.push(`${counted(stillThere, 'fault')} had not ended when the journal did.`);
  const unhealed = faults.filter(({healed}) => healed?.verdict === 'bites').length;
  if (unhealed > 0)
    doubts.push(`After ${counted(unhealed, 'fault')} the system was not measured to be back as before.`);
  const missed = steady_states.during.filter(state => !state.steady_state_met).length;
  if (missed > 0)
    doubts.push(
      `During the method the hypothesis did not hold at ${missed} of ${counted(steady_states.during.length, 'look')}.`,
    );
  if (load.length === 0) doubts.push('There was no load, so that nothing says what users would have seen.');
  if (steady_states.before === null && journal.status === 'completed')
    doubts.push('There was no hypothesis, so that nothing was verified.');
  return doubts;
}
