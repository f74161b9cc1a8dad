import {startTimer} from './timer.ts';
import {type ToxicDefinition, wholeMs} from './toxic.ts';

/** Resets connections at both ends: those that are there, idle ones too, and new ones; `timeout` ms after it was put on or they came. */
export const resetPeer: ToxicDefinition = {
  kind: 'reset_peer',
  attributes: {
    timeout: wholeMs('how long a connection lives first'),
  },
  attach(host, toxic) {
    const reset = (): void => {
      toxic.acted();
      host.reset();
    };
    const timeout = Number(toxic.attributes.timeout);
    if (timeout === 0) {
      reset();
      return () => {};
    }
    return startTimer(timeout, reset);
  },
};
