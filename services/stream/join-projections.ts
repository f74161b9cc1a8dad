import type {Projection} from './consume-projected.ts';

/** Several projections of one stream, as one. */
export function joinProjections(...projections: readonly Projection[]): Projection {
  return {
    tables: projections.flatMap(({tables}) => tables),
    malformed: message => projections.map(one => one.malformed(message)).find(reason => reason !== undefined),
    async apply(transaction, messages, tables, replayed) {
      for (const one of projections) await one.apply(transaction, messages, tables, replayed);
    },
  };
}
