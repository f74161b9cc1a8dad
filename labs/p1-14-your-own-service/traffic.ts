import {requestsOf} from '../../src/checkers/openapi/requests.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import {operationsAt} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import {OPERATIONS} from './contract.ts';

/** How many items there are that nobody touches while the run lasts. */
export const STABLE = 72;
const PATIENCE_MS = 5_000;
const FUZZ_MS = 7_000;
const PER_OPERATION = {valid: 8, spoiltMax: 40};
/** What is larger would be most of the ledger. */
const BODY_CHARACTERS_MAX = 100_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** New items with names that many share. */
export function additions(
  tools: LabTools,
  name: string,
  ratePerSecond: number,
  durationMs: number,
): readonly Operation[] {
  const {random} = tools;
  return operationsAt(name, constantArrivals({ratePerSecond, durationMs}), () => ({
    patienceMs: PATIENCE_MS,
    request: {
      method: 'POST',
      path: '/v1/items',
      headers: {'content-type': 'application/json', 'x-client-id': `adds-${random.hex(8)}`},
      body: JSON.stringify({name: `load-${random.hex(1)}`, quantity: random.integer(0, 1_000)}),
    },
  }));
}

export function listings(tools: LabTools, ratePerSecond: number, durationMs: number): readonly Operation[] {
  return operationsAt('list', constantArrivals({ratePerSecond, durationMs}), () => ({
    patienceMs: PATIENCE_MS,
    request: {method: 'GET', path: '/v1/items', headers: {'x-client-id': `lists-${tools.random.hex(8)}`}},
  }));
}

/** Requests generated from the contract: some as it says, most of them not. `ids` are of items that are there for it. */
export function fuzz(tools: LabTools, ids: readonly string[]): readonly Operation[] {
  const {random} = tools;
  const generated = OPERATIONS.flatMap(operation =>
    requestsOf(operation, {random: random.stream(operation.id), known: {id: ids}, ...PER_OPERATION}),
  ).filter(
    ({isBytes, body = '', method}) =>
      isBytes !== true && body.length < BODY_CHARACTERS_MAX && METHODS.some(one => one === method),
  );
  const shuffled = random.shuffle(generated);
  return shuffled.map((request, index) => ({
    id: `fuzz-${index}`,
    name: 'fuzz',
    atMs: (index * FUZZ_MS) / shuffled.length,
    patienceMs: PATIENCE_MS,
    request: {
      method: request.method as (typeof METHODS)[number],
      path: request.path,
      headers: {'x-client-id': `fuzz-${random.hex(8)}`, ...request.headers},
      ...(request.body === undefined ? {} : {body: request.body}),
    },
    facts: {operation: request.operation.id, expect: request.expect, what: request.what},
  }));
}
