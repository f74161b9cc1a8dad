import type {Logger} from '../kit/logger.ts';
import type {Saga, SagaKind} from './seams/saga.ts';

/** Begins a saga whose intent is committed. Whoever began it is not kept waiting, and its errors are not theirs. */
export function beginSaga(saga: Saga, kind: SagaKind, account: string, log: Logger): void {
  Promise.resolve()
    .then(() => saga.run(kind, account))
    .catch(error => log.warn({err: error, kind, account}, 'a saga ended with an error'));
}
