import type {Broker} from '../kit/broker.ts';
import type {Logger} from '../kit/logger.ts';
import {openBroker} from '../kit/open-broker.ts';
import {createSystemClock} from '../kit/system-clock.ts';

export interface SetUpBroker extends AsyncDisposable {
  readonly broker: Broker;
}

/** The broker while it is being set up; disposing it closes it. */
export async function openSetUpBroker(url: string, log: Logger): Promise<SetUpBroker> {
  const broker = await openBroker({url, clock: createSystemClock(), log});
  return {broker, [Symbol.asyncDispose]: () => broker.close()};
}
