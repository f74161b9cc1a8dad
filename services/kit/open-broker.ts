import type {Broker} from './broker.ts';
import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';

export interface BrokerOptions {
  /** `postgres://…` or `nats://…`, with user and password. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Schemes of the brokers that there are. */
export const BROKER_PROTOCOLS = ['postgres:', 'postgresql:', 'nats:'] as const;

/** Opens the broker that a URL is for. Each adapter is loaded only where it is used: a service has one, and each brings a client of its own. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const {protocol} = new URL(options.url);
  if (protocol === 'nats:') {
    const {createNatsBroker} = await import('./broker-nats.ts');
    return createNatsBroker(options);
  }
  if (protocol === 'postgres:' || protocol === 'postgresql:') {
    const {createPostgresBroker} = await import('./broker-postgres.ts');
    return createPostgresBroker(options);
  }
  throw new TypeError(`There is no broker for ${protocol}// URLs; there are ${BROKER_PROTOCOLS.join(', ')}.`);
}
