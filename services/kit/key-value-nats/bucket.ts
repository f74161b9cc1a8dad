import {DiscardPolicy, RetentionPolicy, StorageType} from '@nats-io/jetstream';
import {toToken} from '../broker-nats/names.ts';
import type {Session} from '../broker-nats/session.ts';

/** Streams and subjects are those of NATS' own key-value buckets, so that its tools show and change them. */
export interface Bucket {
  readonly stream: string;
  readonly all: string;
  readonly hint: string;
  subject(key: string): string;
  key(subject: string): string;
}

export function bucketOf(space: string): Bucket {
  const name = toToken(space);
  const prefix = `$KV.${name}.`;
  return {
    stream: `KV_${name}`,
    all: `${prefix}>`,
    hint: `hints.KV_${name}`,
    subject: key => prefix + key.split('/').map(toToken).join('/'),
    key: subject => fromKey(subject.slice(prefix.length)),
  };
}

/** Makes the bucket, where it is not there yet. */
export async function createBucket(session: Session, space: string): Promise<void> {
  const {stream, all} = bucketOf(space);
  await session.use(stream, ({jsm}) =>
    jsm.streams.add({
      name: stream,
      subjects: [all],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_msgs_per_subject: 1,
      allow_direct: true,
      allow_rollup_hdrs: true,
      deny_delete: true,
      num_replicas: 1,
    }),
  );
}

function fromKey(token: string): string {
  const bytes = token.replace(/=([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
