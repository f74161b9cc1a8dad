import {LabError} from '../errors.ts';
import type {Controller} from './controller.ts';
import {injectOwned} from './owned-faults.ts';
import type {Handlers} from './server.ts';
import {oneTrace} from './telemetry.ts';

/** After everything was cleared, it is waited this long (ms) for what has healed by then. */
const HEALED_WITHIN_MS = 1_000;
/** A watching client gets the status this often, in ms. */
const WATCH_EVERY_MS = 1_000;

declare const TERALAB_VERSION: string | undefined;

/** What the controller answers to; `end` is called once `down` has been answered. */
export function createHandlers(controller: Controller, end: () => void): Handlers {
  const {session, workspace} = controller.options;
  /** Loads of experiments that wait to be started. */
  const starts = new Map<string, () => void>();
  /** Of the experiment that holds the system; there is one at most. */
  let hold: {readonly stop: () => void; isStopped: boolean} | undefined;
  return {
    hello: async () => ({
      session,
      version: typeof TERALAB_VERSION === 'string' ? TERALAB_VERSION : '0',
      pid: process.pid,
      workspace,
    }),
    up: async (params, emit) => {
      await controller.up(params, text => emit({type: 'progress', text}));
      return controller.status();
    },
    down: async (_, emit) => {
      try {
        return {stopped: await controller.down(text => emit({type: 'progress', text}))};
      } finally {
        setImmediate(end);
      }
    },
    status: async () => controller.status(),
    watch: async (_, emit, signal) => {
      while (!signal.aborted) {
        if (controller.isUp)
          await controller.report().then(
            report => emit({type: 'status', ...report}),
            () => undefined,
          );
        await sleep(WATCH_EVERY_MS, signal);
      }
      return null;
    },
    check: async (params, emit, signal) =>
      (
        await (
          await runs()
        ).runLab(controller, {...params, mode: params.quick === true ? 'quick' : 'check'}, emit, signal)
      ).result,
    'predict.ask': async params => (await import('./predictions.ts')).askPrediction(controller, params),
    'predict.seal': async params => (await import('./predictions.ts')).sealPrediction(controller, params),
    break: async (params, emit, signal) => {
      const {result, summary} = await (await runs()).runLab(controller, {...params, mode: 'break'}, emit, signal);
      return {lab: result.lab, seed: result.seed, runtime: result.runtime, summary, durationMs: result.durationMs};
    },
    'chaos.inject': async ({request, dryRun, owned}, _, signal) => {
      const {faults} = controller.live();
      if (dryRun === true) return faults.dryRun(request);
      if (owned === true && hold?.isStopped === true)
        throw new LabError('FAULT_FAILED', 'All faults were cleared, which ends the experiment: it injects no more.');
      return owned === true ? injectOwned(faults, request, signal) : faults.inject(request, {measure: 'wait'});
    },
    'chaos.list': async ({all}) => {
      const {faults} = controller.live();
      return all === true ? faults.history() : faults.list();
    },
    'chaos.clear': async ({id}) => {
      const {faults} = controller.live();
      if (id !== undefined) return [await faults.clear(id)];
      hold?.stop();
      // A stop of everything answers at once; how the way back went is in the record.
      return faults.clearAll({healedWithinMs: HEALED_WITHIN_MS});
    },
    load: async (params, emit, signal) => {
      if (!(params.ratePerSecond > 0)) throw new LabError('BAD_VALUE', 'The rate must be more than nothing.');
      return controller.alone('load', signal, async both => (await runs()).runLoad(controller, params, emit, both));
    },
    'telemetry.traces': async filter => controller.live().agent.telemetry.traces(filter),
    'telemetry.trace': async ({id}) => oneTrace(await controller.live().agent.telemetry.trace(id.toLowerCase()), id),
    'telemetry.metrics': async ({windowMs}) => controller.live().agent.telemetry.metrics(windowMs),
    'experiment.hold': async ({title}, emit, signal) =>
      controller.alone(`the experiment "${title}"`, signal, async (both, setPhase) => {
        setPhase('attack');
        const own = {
          isStopped: false,
          stop: () => {
            own.isStopped = true;
            emit({type: 'stopped'});
          },
        };
        hold = own;
        emit({type: 'held', runtime: controller.live().runtime.name});
        await new Promise<void>(resolve => {
          both.addEventListener('abort', () => resolve(), {once: true});
          if (both.aborted) resolve();
        });
        hold = undefined;
        return null;
      }),
    'experiment.load': async ({key, order}, emit, signal) => {
      const begin = await (await runs()).prepareLoad(controller, order, signal);
      await new Promise<void>(resolve => {
        starts.set(key, resolve);
        signal.addEventListener('abort', () => resolve(), {once: true});
        emit({type: 'prepared'});
      });
      starts.delete(key);
      signal.throwIfAborted();
      const started = await begin();
      emit({type: 'started', ledgerFile: started.ledgerFile});
      return started.done;
    },
    'experiment.start': async ({key}) => {
      const start = starts.get(key);
      if (start === undefined) throw new LabError('USAGE', `No load waits to be started as "${key}".`);
      start();
      return null;
    },
    'experiment.probe': async ({probe, since}) =>
      (await import('./experiment-probe.ts')).askSystem(controller.live(), probe, since),
  };
}

/** Loaded when the first one is asked for: the system comes up without. */
async function runs(): Promise<typeof import('./run-lab.ts') & typeof import('./run-load.ts')> {
  const [lab, load] = await Promise.all([import('./run-lab.ts'), import('./run-load.ts')]);
  return {...lab, ...load};
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, {once: true});
  });
}
