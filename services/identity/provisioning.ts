import type {Queryable} from '../kit/database.ts';

/** What an account needs beside its own row before it is whole. */
export interface Provisioning {
  /** Runs in the transaction that inserts the account: both are there or neither is. */
  within?(transaction: Queryable, account: string): Promise<void>;
  /** Runs when the account is committed: for what no transaction of this database reaches. A process can die in between. */
  after?(account: string): Promise<void>;
  /** The service whose quotas are taken away from closed accounts, as it is called here; default: stream, where `LINKS` names one. */
  readonly quotasAt?: string;
}
