import {toErrorData} from '../errors.ts';
import type {Work} from './perform.ts';
import {runAttack, runCheck} from './perform-runs.ts';

/** Seals the answer that was given, and starts the run that it was asked for; an answer that does not fit stays to be corrected. */
export async function predict(context: Work, lab: string, answer: string): Promise<void> {
  const {session, store} = context;
  const {page} = store.state();
  if (page.kind !== 'predict') return;
  try {
    await session.sealPrediction(lab, page.asked, answer);
  } catch (error) {
    const {code, message} = toErrorData(error);
    if (code !== 'BAD_PREDICTION') throw error;
    store.dispatch({type: 'refused', why: message});
    return;
  }
  await (page.asked.moment === 'break' ? runAttack : runCheck)(context, lab);
}
