/** A row as Postgres gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs SQL: `$1`, `$2` stand for the parameters. */
export interface Queryable {
  query<R extends Row = Row>(text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
}

/** The service's own database. Its sessions set idle-in-transaction, statement and lock timeouts. */
export interface Database extends Queryable {
  /**
   * Runs `work` between BEGIN and COMMIT; rolls back and throws when `work` throws. It returns once COMMIT was answered;
   * when the answer is lost it throws an error with `commitUnknown: true`.
   */
  transaction<T>(
    work: (transaction: Queryable) => Promise<T>,
    options?: {readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'},
  ): Promise<T>;
}
