import {LabError} from '../../errors.ts';
import type {Random} from '../../random.ts';
import type {LabTools} from '../lab.ts';
import {drawn} from '../predict/draw.ts';
import type {LabSystem} from '../system.ts';
import {interrupted, sleepUnless} from './context.ts';

const ANSWER_WITHIN_MS = 10_000;
/** One request of many is waited for this long, in ms. */
export const ONE_TRY_MS = 5_000;
const PAUSE_MS = 100;

/** What a lab's set-up, load and final reads work with. */
export function createTools(system: LabSystem, random: Random, signal: AbortSignal, seed = 0): LabTools {
  return {
    random,
    drawn: draw => drawn(seed, draw),
    gateways: system.publicUrls(),
    sql: (node, text, parameters) => system.sql(node, text, parameters),
    broker: () => system.broker(),
    space: name => system.space(name),
    startNode: name => system.startNode(name),
    releaseNode: (name, release) => system.releaseNode(name, release),
    topology: system.topology(),
    http: async (method, path, options = {}) => {
      const [gateway] = system.publicUrls();
      if (gateway === undefined) throw new LabError('NODE_NOT_READY', 'There is no gateway to ask.');
      const body = options.body === undefined ? undefined : JSON.stringify(options.body);
      const headers = {...(body === undefined ? {} : {'content-type': 'application/json'}), ...options.headers};
      const until = Date.now() + ANSWER_WITHIN_MS;
      let last = 'no answer';
      for (;;) {
        try {
          const answer = await fetch(new URL(path, gateway), {
            method,
            headers,
            ...(body === undefined ? {} : {body}),
            signal: AbortSignal.any([signal, AbortSignal.timeout(ONE_TRY_MS)]),
          });
          const text = await answer.text();
          if (!NOT_THERE_YET.has(answer.status) || Date.now() > until)
            return {status: answer.status, body: parsed(text)};
          last = `status ${answer.status}`;
        } catch (error) {
          if (signal.aborted) throw interrupted();
          last = reasonOf(error);
        }
        if (Date.now() > until)
          throw new LabError(
            'NODE_NOT_READY',
            `${method} ${path} got no answer from ${gateway} within ${ANSWER_WITHIN_MS / 1000} s; the last try ended with: ${last}.`,
          );
        await sleepUnless(PAUSE_MS, signal);
      }
    },
  };
}

/** What a gateway answers while something behind it is still on its way up. */
const NOT_THERE_YET: ReadonlySet<number> = new Set([502, 503, 504]);

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
