import type {KeyValue} from './key-value.ts';
import {BROKER_PROTOCOLS, type BrokerOptions} from './open-broker.ts';

export interface KeyValueOptions extends BrokerOptions {
  /** Spaces of one server are apart from each other. */
  readonly space: string;
}

/** Opens a space on the broker that a URL is for. It connects when there is something to do, like the broker. */
export async function openKeyValue(options: KeyValueOptions): Promise<KeyValue> {
  const {protocol} = new URL(options.url);
  if (protocol === 'nats:') {
    const {createNatsKeyValue} = await import('./key-value-nats.ts');
    return createNatsKeyValue(options);
  }
  if (protocol === 'postgres:' || protocol === 'postgresql:') {
    const {createPostgresKeyValue} = await import('./key-value-postgres.ts');
    return createPostgresKeyValue(options);
  }
  throw new TypeError(`There is no space on ${protocol}// URLs; there are ${BROKER_PROTOCOLS.join(', ')}.`);
}
