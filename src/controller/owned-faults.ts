import type {FaultEngine} from '../faults/engine.ts';
import type {FaultRecord, FaultRequest} from '../faults/fault.ts';

/** Injects a fault that ends when the connection of whoever asked for it does: a client that is killed leaves none in force. */
export async function injectOwned(
  faults: Pick<FaultEngine, 'inject' | 'clear' | 'list'>,
  request: FaultRequest,
  signal: AbortSignal,
): Promise<FaultRecord> {
  const end = (id: string): void => void faults.clear(id, {measure: 'background'}).catch(() => undefined);
  const endEarly = (): void => {
    // It may be in force while its effect is still measured: nobody knows its id yet.
    for (const {id, kind, seed, reason} of faults.list())
      if (kind === request.kind && seed === request.seed && reason === request.reason) end(id);
  };
  signal.addEventListener('abort', endEarly, {once: true});
  try {
    const record = await faults.inject(request, {measure: 'wait'});
    if (signal.aborted) end(record.id);
    else signal.addEventListener('abort', () => end(record.id), {once: true});
    return record;
  } finally {
    signal.removeEventListener('abort', endEarly);
  }
}
