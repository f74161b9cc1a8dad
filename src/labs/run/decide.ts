import {LabError} from '../../errors.ts';
import type {AnyLab, Evidence} from '../lab.ts';
import type {TaskVerdict} from '../verdict.ts';
import type {Attack} from './attack.ts';
import type {RunContext} from './context.ts';
import {afterAttack, type DecisiveLook, type DecisiveOptions, type IsDecisive, lookForDecisive} from './decisive.ts';

/** What may end a run early; `hold`: nothing, but what is declared to be settled is held to it. */
export type Decisive = IsDecisive | 'hold';
type Stage = Omit<DecisiveOptions, 'isDecisive'>;

/** Decides a run before its end, where nothing that is yet to come can change what it is for. */
export interface Decider {
  readonly looks: DecisiveLook;
  /** What is found ends the attack. */
  readonly stops: boolean;
  /** After the attack: what decides the run. Undefined: it goes on to its end. */
  decide(attack: Attack): Promise<Decided | undefined>;
  /** At the end. @throws BROKEN_LAB for what failed at once, and passes after all. */
  hold(verdicts: readonly TaskVerdict[]): void;
}

export interface Decided {
  readonly verdicts: readonly TaskVerdict[];
  readonly evidence: Evidence<unknown, unknown> | undefined;
  readonly summary: readonly string[];
}

export function createDecider(context: RunContext, decisive: Decisive, stage: Stage): Decider {
  const isDecisive: IsDecisive = decisive === 'hold' ? () => true : decisive;
  const looks = lookForDecisive(context, {...stage, isDecisive});
  const stops = decisive !== 'hold';
  return {
    looks,
    stops,
    decide: async attack => {
      if (!stops) return undefined;
      if (looks.found.length > 0) return {verdicts: looks.found, evidence: looks.evidence, summary: []};
      const after = await afterAttack(context, {...stage, attack, isDecisive});
      return after && {verdicts: after.failed, evidence: after.evidence, summary: []};
    },
    hold: verdicts => {
      if (!stops) refuseUnsettled(context.lab, looks.found, verdicts);
    },
  };
}

function refuseUnsettled(lab: AnyLab, found: readonly TaskVerdict[], verdicts: readonly TaskVerdict[]): void {
  const undone = found.find(({id}) => verdicts.some(each => each.id === id && each.verdict === 'pass'));
  if (undone !== undefined)
    throw new LabError(
      'BROKEN_LAB',
      `Lab ${lab.id}: ${undone.id} failed with ${undone.code} in the midst of the attack and passes in the end, so the code is not settled at once: ${undone.observed}`,
    );
}
