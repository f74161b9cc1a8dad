import {randomBytes} from 'node:crypto';
import type {ControllerClient} from '../../controller/connection.ts';
import {LabError} from '../../errors.ts';
import type {LoadOrder, PreparedLoad, RunningLoad, SystemPort} from '../../faults/experiments/ports.ts';

/** A system that nobody else works with meanwhile. */
export interface HeldSystem extends SystemPort {
  /** Aborted, with INTERRUPTED, when somebody clears all faults: that stops whoever injects them. */
  readonly stopped: AbortSignal;
}

/** Holds the system for an experiment, and speaks to it over the controller's socket. Closing the client ends all that was begun. Errors: BUSY. */
export async function holdSystem(client: ControllerClient, title: string): Promise<HeldSystem> {
  const stop = new AbortController();
  const runtime = await new Promise<string>((held, refused) => {
    // It is answered only when the connection ends: whoever asks for something else then is told.
    client
      .call('experiment.hold', {title}, event => {
        if (event.type === 'held') held(event.runtime);
        else stop.abort(new LabError('INTERRUPTED', 'All faults were cleared, which stops the experiment.'));
      })
      .catch(refused);
  });
  return {
    session: client.session,
    runtime,
    stopped: stop.signal,
    inject: async request => client.call('chaos.inject', {request, owned: true}),
    dryRun: async request => client.call('chaos.inject', {request, dryRun: true}),
    clear: async ids => {
      const cleared = await Promise.all(ids.map(async id => client.call('chaos.clear', {id})));
      return cleared.flat();
    },
    faults: async ids => (await client.call('chaos.list', {all: true})).filter(({id}) => ids.includes(id)),
    prepareLoad: async order => prepareLoad(client, order),
    probe: async (probe, since) => client.call('experiment.probe', {probe, since}),
  };
}

async function prepareLoad(client: ControllerClient, order: LoadOrder): Promise<PreparedLoad> {
  const key = randomBytes(8).toString('hex');
  return new Promise((prepared, refused) => {
    let onStarted = (_: string): void => undefined;
    const started = new Promise<string>(resolve => {
      onStarted = resolve;
    });
    const done: Promise<void> = client
      .call('experiment.load', {key, order}, event => {
        if (event.type === 'started') onStarted(event.ledgerFile);
        else prepared({start});
      })
      .then(() => undefined);
    done.catch(refused);
    const start = async (): Promise<RunningLoad> => {
      await client.call('experiment.start', {key});
      const ledgerFile = await Promise.race([started, done.then(() => started)]);
      return {ledgerFile, done};
    };
  });
}
