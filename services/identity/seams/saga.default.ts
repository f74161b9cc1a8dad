import {isRefusal} from '../saga-refusal.ts';
import {recordSaga} from '../saga-rows.ts';
import {createSagaRunner} from '../saga-runner.ts';
import type {CreateSaga, SagaSteps} from './saga.ts';

/** An account's quota is set once and taken away once. */
const SET = 1;
const REMOVED = 2;

/**
 * The intent is a row of the transaction that opens or closes the account, and is worked on until it is done, by whichever replica is
 * there. Steps are repeated as they are. The account itself decides whether it goes forward or back: of `activate` and `reject` only one
 * can happen, and the quota is taken away only once the account is closed.
 */
export const createSaga: CreateSaga = tools => {
  const {steps} = tools;
  const runner = createSagaRunner(tools, ({kind, account}) =>
    kind === 'provision' ? provision(steps, account) : erase(steps, account),
  );
  return {
    record: recordSaga,
    run: async (kind, account) => runner.add({kind, account}),
    start: async () => runner.start(),
    stop: () => runner.stop(),
  };
};

async function provision(steps: SagaSteps, account: string): Promise<void> {
  try {
    await steps.setQuota(account, SET);
  } catch (error) {
    if (!isRefusal(error) || !(await steps.reject(account))) throw error;
    // A try before this one may have set it, and its answer got lost.
    return erase(steps, account);
  }
  // Closed meanwhile, or by a try before this one that came no further.
  if (!(await steps.activate(account))) await erase(steps, account);
}

async function erase(steps: SagaSteps, account: string): Promise<void> {
  await steps.removeQuota(account, REMOVED);
  await steps.erase(account);
}
