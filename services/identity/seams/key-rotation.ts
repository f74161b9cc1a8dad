/** A key pair that tokens are signed with. Times are seconds by the database's clock, one for all replicas; null: that has not happened yet. */
export interface StoredKey {
  readonly kid: string;
  readonly madeAgo: number;
  /** Since it began to sign. */
  readonly activatedAgo: number | null;
  /** Since it ceased to. */
  readonly retiredAgo: number | null;
}

/** What a rotation does: `waitSeconds` refuses it for so long (409 with `Retry-After`). Whichever key signed before is retired. */
export type RotationStep =
  | {readonly waitSeconds: number}
  | {
      /** The `kid` of the key that signs from now on, or `new` for one that is made now. */
      readonly sign: string;
      /** Keys of which nothing is good any more, from now on. */
      readonly withdraw: readonly string[];
      /** Whether a key is made that a later rotation can have sign. There is one such key at most; when there is none, one is made at some time. */
      readonly makeNext: boolean;
    };

/**
 * When a key is made, published, signs and is forgotten, so that a rotation makes no good token bad. Verifiers keep the published keys, and ask
 * again for one that they do not know, but not twice in 5 s; an access token is good for 15 minutes.
 */
export interface KeyRotation {
  /** Whether verifiers are told of a key. Withdrawn ones are not asked about. */
  isPublished(key: StoredKey): boolean;
  /** Of the keys that are published. `compromised`: what was signed so far is not to be trusted. */
  rotate(keys: readonly StoredKey[], options: {readonly compromised: boolean}): RotationStep;
}

/** A module that replaces it exports `createKeyRotation`. Every replica of identity creates one. */
export type CreateKeyRotation = () => KeyRotation;
