import type {Broker} from '../../services/kit/broker.ts';
import type {Logger} from '../../services/kit/logger.ts';
import {openBroker as openAdapter} from '../../services/kit/open-broker.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';

/** The broker as judges read it: the same port as the services have, past the fabric. The caller closes it. */
export async function openBroker(url: string): Promise<Broker> {
  return openAdapter({url, clock: createSystemClock(), log: SILENT});
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
