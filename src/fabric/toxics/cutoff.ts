import {startTimer} from './timer.ts';
import {type ToxicDefinition, wholeMs} from './toxic.ts';

/**
 * Data flows, and `after` ms after the toxic was put on a connection or the connection came, it is cut at both ends, under traffic as well as idle:
 * as when a process ends. Error: never early by more than 0.4 ms; late as timers are, by about 1 ms.
 */
export const cutoff: ToxicDefinition = {
  kind: 'cutoff',
  attributes: {
    after: wholeMs('how long a connection lives'),
  },
  attach(host, toxic) {
    return startTimer(Number(toxic.attributes.after), () => {
      toxic.acted();
      host.cut();
    });
  },
};
