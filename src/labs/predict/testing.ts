import type {Random} from '../../random.ts';
import type {LabPrediction} from '../lab.ts';

/** Parameters of a question for tests. */
export const parameters = (random: Random) => ({calls: random.integer(10, 60), hopMs: random.pick([5, 10, 20])});

/** Asks how long calls in a row take; the attack of the run is that many operations, and what they take is what it says. */
export const predictsDuration: LabPrediction<unknown, unknown> = {
  judges: 'timing',
  ask: (random, moment) => {
    const {calls, hopMs} = parameters(random);
    const where = moment === 'break' ? 'one after the other' : 'in your version';
    return {
      kind: 'interval',
      unit: 'ms',
      widthMax: 200,
      text: `${calls} calls ${where}, ${hopMs} ms a hop: how long does the page take?`,
    };
  },
  answer: random => {
    const {calls, hopMs} = parameters(random);
    return {low: calls * hopMs - 50, high: calls * hopMs + 50};
  },
  measure: ({final}) => (final as {readonly pageMs?: number}).pageMs,
};
