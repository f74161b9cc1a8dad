import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';

/** One of a few words; a wrong one gets the nearest right one. `what` names the flag or argument in the error. */
export function parseChoice<T extends string>(raw: string, what: string, choices: readonly T[]): T {
  const found = choices.find(choice => choice === raw);
  if (found !== undefined) return found;
  const close = nearest(raw, choices);
  const hint = close === undefined ? '' : ` Did you mean ${close}?`;
  throw new LabError('BAD_VALUE', `${what} takes one of ${choices.join(', ')}; "${raw}" is none of them.${hint}`);
}
