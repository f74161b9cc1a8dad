/** A value and the number of the write that it is from. */
export interface Entry {
  readonly key: string;
  /** JSON. */
  readonly value: unknown;
  /** Grows with every write to the space, over deletions too: what was true at a greater revision is newer. */
  readonly revision: number;
}

/** What a watcher is told: an entry as it is now, or that there is none any more. */
export type Change = Entry | {readonly key: string; readonly deleted: true; readonly revision: number};

export interface Watch {
  stop(): Promise<void>;
}

/**
 * A small space of keys and values, for service discovery, configuration and leases: hundreds of entries, not millions. Nothing expires by
 * itself; a lease measures time where it is waited for (lease.ts). Calls reject with an `UnavailableError` when nobody knows whether they took
 * effect; none is made twice.
 */
export interface KeyValue {
  get(key: string): Promise<Entry | undefined>;
  /** Writes whatever is there. Returns the new revision, like those below. */
  put(key: string, value: unknown): Promise<number>;
  /** Writes where there is no entry; undefined: there is one. */
  create(key: string, value: unknown): Promise<number | undefined>;
  /** Writes where the entry has this revision; undefined: it has another, or is gone. */
  compareAndSet(key: string, value: unknown, revision: number): Promise<number | undefined>;
  /** Deletes the entry, with `revision` only where it has that one. False: nothing was deleted. */
  delete(key: string, revision?: number): Promise<boolean>;
  /** Keys that begin with `prefix`, in order. */
  keys(prefix?: string): Promise<readonly string[]>;
  /** What is under these keys, in their order. */
  entries(prefix?: string): Promise<readonly Entry[]>;
  /**
   * Tells of every entry whose key begins with `prefix`, and then of changes, in order of their revisions. Of several quick changes to one key
   * it may tell only the last. It goes on by itself when the server was away; when the server was emptied, it begins again.
   */
  watch(prefix: string, listener: (change: Change) => void): Watch;
  close(): Promise<void>;
}
