import type {Broker} from '../../services/kit/broker.ts';
import type {KeyValue} from '../../services/kit/key-value.ts';
import type {Logger} from '../../services/kit/logger.ts';
import {openBroker as openAdapter} from '../../services/kit/open-broker.ts';
import {openKeyValue} from '../../services/kit/open-key-value.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';

/** The broker as judges read it: the same port as the services have, past the fabric. The caller closes it. */
export async function openBroker(url: string): Promise<Broker> {
  return openAdapter({url, clock: createSystemClock(), log: SILENT});
}

/** A space on it, past the fabric, too. The caller closes it. */
export async function openSpace(url: string, space: string): Promise<KeyValue> {
  return openKeyValue({url, space, clock: createSystemClock(), log: SILENT});
}

/** Deletes everything that a NATS server keeps. Nobody else may be using it. */
export async function emptyNatsBroker(url: string): Promise<void> {
  const {emptyNats} = await import('../../services/kit/broker-nats/empty.ts');
  await emptyNats(url);
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
