import {pathToFileURL} from 'node:url';
import type {Answered, Ask, Asked, TestsOrder, TestsSaid} from './bench.ts';

/** One test takes at most this long, ms. */
const TEST_MS_MAX = 3_000;
const MESSAGE_LENGTH_MAX = 300;

type Test = (bench: unknown) => unknown;
type Pending = {resolve(value: unknown): void; reject(error: Error): void};

/**
 * The process of a learner's tests. All that it has is the module of the tests and a channel to a bench, about which it knows nothing:
 * neither what runs there, nor which of how many runs this is.
 */
const send = process.send?.bind(process);
const pending = new Map<number, Pending>();
/** Ends the test that is running: somewhere in it a promise was left to itself, and failed. */
let failStray: (error: unknown) => void = () => undefined;
let asked = 0;
// What the system gives any process of the same user, and no test needs.
Object.assign(process, {kill: undefined, _kill: undefined, abort: undefined});
process.on('unhandledRejection', error => failStray(error));
process.once('message', (order: TestsOrder) => {
  process.on('message', settle);
  void runAll(order.file).then(said => send?.(said));
});

async function runAll(file: string): Promise<TestsSaid> {
  let tests: unknown;
  try {
    ({tests} = (await import(pathToFileURL(file).href)) as {readonly tests?: unknown});
  } catch (error) {
    return {said: 'not-loaded', message: messageOf(error)};
  }
  if (tests === undefined) return {said: 'no-tests', message: 'nothing is exported under the name `tests`'};
  const named = Object.entries(Object(tests) as Readonly<Record<string, unknown>>);
  const wrong = named.find(([, test]) => typeof test !== 'function');
  if (wrong !== undefined) return {said: 'not-loaded', message: `"${wrong[0]}" is no function`};
  if (named.length === 0) return {said: 'no-tests', message: '`tests` is empty'};
  for (const [name, test] of named) {
    const said = await runOne(name, test as Test);
    if (said !== undefined) return said;
  }
  return {said: 'passed', tests: named.length};
}

/** Undefined when it passes. The first that fails says enough. */
async function runOne(test: string, body: Test): Promise<TestsSaid | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<TestsSaid>(resolve => {
    timer = setTimeout(() => resolve({said: 'hung', test, afterMs: TEST_MS_MAX}), TEST_MS_MAX);
  });
  const stray = new Promise<never>((_, reject) => {
    failStray = reject;
  });
  const passed = async (): Promise<undefined> => {
    await ask({do: 'open'});
    await body(bench());
    await ask({do: 'close'});
  };
  try {
    return await Promise.race([passed(), stray, late]);
  } catch (error) {
    return {said: 'failed', test, message: messageOf(error)};
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever is called on it is asked of the bench. */
function bench(): unknown {
  return new Proxy(
    {},
    {
      get: (_, method) =>
        // A promise is told by its `then`, and this is none.
        typeof method === 'string' && method !== 'then'
          ? (...parameters: readonly unknown[]) => ask({do: 'call', method, parameters})
          : undefined,
    },
  );
}

function ask(what: Ask): Promise<unknown> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    pending.set(id, {resolve, reject});
    send?.({id, ask: what} satisfies Asked);
  });
}

function settle(answer: Answered): void {
  const waiting = pending.get(answer.id);
  pending.delete(answer.id);
  if ('error' in answer) waiting?.reject(new Error(answer.error));
  else waiting?.resolve(answer.value);
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MESSAGE_LENGTH_MAX ? `${line.slice(0, MESSAGE_LENGTH_MAX - 1)}…` : line;
}
