import type {Database, Queryable} from '../../services/kit/database.ts';

/** What happens at the end of one transaction. */
export interface AtEnd {
  beforeCommit?(): Promise<void>;
  afterCommit?(): Promise<void>;
}

/** A database whose transactions can be marked while they run; whatever else is done in them by then comes before their end. */
export function markedTransactions(inner: Database): {
  readonly database: Database;
  mark(transaction: Queryable, atEnd: AtEnd): void;
} {
  const marks = new WeakMap<Queryable, AtEnd>();
  const database: Database = {
    query: (text, parameters) => inner.query(text, parameters),
    transaction: async (work, options) => {
      let atEnd: AtEnd | undefined;
      const value = await inner.transaction(async transaction => {
        const done = await work(transaction);
        atEnd = marks.get(transaction);
        await atEnd?.beforeCommit?.();
        return done;
      }, options);
      await atEnd?.afterCommit?.();
      return value;
    },
  };
  return {database, mark: (transaction, atEnd) => void marks.set(transaction, atEnd)};
}
