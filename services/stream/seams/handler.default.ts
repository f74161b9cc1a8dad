import type {Delivery, Settlement} from '../../kit/broker.ts';
import type {Projection} from '../consume-projected.ts';
import type {CreateHandler} from './handler.ts';

/** Attempts at a message whose projection fails while the database works. */
const ATTEMPTS_MAX = 5;
const RETRY_AFTER_MS = 500;

/**
 * Makes a projection of what comes: the effects of a batch and the position in its partition are one transaction. The rows of the projection
 * are the record of what took effect, so that no list of ids is kept beside them.
 */
export function projectingHandler(projection: Projection): CreateHandler {
  return ({database, savePosition, isPassing, log}) => {
    /** The settlement of the first message; those behind it come again, one by one, which shows whose fault it was. */
    function settleFailure(error: unknown, [first]: readonly Delivery[]): Settlement {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isPassing(error) && (first?.deliveries ?? 0) >= ATTEMPTS_MAX) return {settle: 'term', reason};
      const facts = {err: error, stream: first?.stream, id: first?.id};
      log.warn(facts, 'a batch could not be projected; it will come again');
      return {settle: 'nak', delayMs: RETRY_AFTER_MS, reason};
    }

    return {
      async handle(batch) {
        const problems = batch.map(message => projection.malformed(message));
        const good = batch.filter((_, index) => problems[index] === undefined);
        try {
          await database.transaction(async transaction => {
            // First, because its lock keeps a rebuilt projection from taking the place of this one meanwhile.
            await savePosition(transaction, batch);
            if (good.length > 0) await projection.apply(transaction, good, '');
          });
        } catch (error) {
          return [settleFailure(error, batch)];
        }
        return problems.map(reason => (reason === undefined ? {settle: 'ack'} : {settle: 'term', reason}));
      },
    };
  };
}
