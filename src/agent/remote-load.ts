import {fromErrorData, type LabError} from '../errors.ts';
import type {LoadDriver, LoadSummary} from '../load/load.ts';
import type {AgentConnection} from './connect.ts';
import {LOAD_ENDED, type LoadEnd, type LoadThread} from './load-port.ts';

/** The load driver at the other end of a connection. */
export function remoteLoad(thread: AgentConnection<LoadThread>): LoadDriver {
  /** Ends that came before somebody waited for them, and those who wait. */
  const ends = new Map<string, LoadEnd | LabError>();
  const waiting = new Map<string, (end: LoadEnd | LabError) => void>();
  let gone: LabError | undefined;
  const settle = (id: string, end: LoadEnd | LabError): void => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (waiter === undefined) ends.set(id, end);
    else waiter(end);
  };
  thread.onEvent((event, data) => {
    if (event === LOAD_ENDED) settle((data as LoadEnd).id, data as LoadEnd);
  });
  thread.gone.then(error => {
    gone = error;
    for (const id of [...waiting.keys()]) settle(id, error);
  });

  const endOf = async (id: string): Promise<LoadSummary> => {
    const early = ends.get(id) ?? gone;
    ends.delete(id);
    const end = early ?? (await new Promise<LoadEnd | LabError>(resolve => waiting.set(id, resolve)));
    if (end instanceof Error) throw end;
    if ('error' in end) throw fromErrorData(end.error);
    return end.summary;
  };

  return {
    async start(plan, options) {
      const id = await thread.call('start', plan, options);
      const done = endOf(id);
      // Whoever only looks at the summary now and then must not end the process when the load fails.
      done.catch(() => {});
      return {
        id,
        done,
        summary: () => summaryOf(thread, id, done),
        stop: () => thread.call('stop', id),
      };
    },
    echo: () => thread.call('echo'),
    stopAll: () => thread.call('stopAll'),
  };
}

/** A look at a run that has just ended is the final one. */
async function summaryOf(
  thread: AgentConnection<LoadThread>,
  id: string,
  done: Promise<LoadSummary>,
): Promise<LoadSummary> {
  try {
    return await thread.call('summary', id);
  } catch {
    return done;
  }
}
