import type {Answer, PredictionMoment, Question} from '../../src/labs/predict/question.ts';
import type {Random} from '../../src/random.ts';

export interface Parameters {
  /** Alerts on the page. */
  readonly alerts: number;
  /** What each call takes longer while hops are slow, ms. */
  readonly hopMs: number;
}

/** Drawn for each run. */
export function parameters(random: Random): Parameters {
  return {alerts: random.pick([20, 30, 40, 50]), hopMs: random.pick([15, 20, 25, 30])};
}

/** What the page itself takes on top of its calls, ms. */
const REST_MS = 80;
/** A call is more than its hop: the services work too, and on a busy machine about as long as the hop takes. */
const CALL_TIMES = 2.1;

function callsOf({alerts}: Parameters, moment: PredictionMoment): number {
  return moment === 'break' ? 1 + alerts : 2;
}

export function ask(random: Random, moment: PredictionMoment): Question {
  const drawn = parameters(random);
  const {alerts, hopMs} = drawn;
  const page = moment === 'break' ? `asks for ${alerts} alerts and then for each name` : 'is made by your code';
  return {
    kind: 'interval',
    unit: 'ms',
    widthMax: callsOf(drawn, moment) * hopMs * (CALL_TIMES - 1) * 1.2 + 1.2 * REST_MS,
    text: `Each call to a service takes ${hopMs} ms longer. The page has ${alerts} alerts and ${page}. What is the 95th percentile of its latency?`,
  };
}

/** The hops one after the other, and a share of them for the work. */
export function answer(random: Random, moment: PredictionMoment): Answer {
  const drawn = parameters(random);
  const least = callsOf(drawn, moment) * drawn.hopMs;
  return {low: Math.floor(least), high: Math.ceil(least * CALL_TIMES + REST_MS)};
}
