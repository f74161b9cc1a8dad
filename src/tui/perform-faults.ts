import type {FaultRequest} from '../faults/fault.ts';
import type {Work} from './perform.ts';

/** Injects a ready fault; what it was measured to do is shown with it. */
export async function injectFault(
  {session, store, seed, injected}: Work,
  request: Omit<FaultRequest, 'seed'>,
): Promise<void> {
  store.dispatch({type: 'view', action: {do: 'show', page: 'faults'}});
  store.dispatch({type: 'notice', notice: {kind: 'info', text: `injecting ${request.kind} into ${request.target} …`}});
  const fault = await session.inject({...request, seed: seed()});
  injected.add(fault.id);
  const effect = fault.effect === undefined ? '' : ` - ${fault.effect.verdict}: ${fault.effect.observed}`;
  store.dispatch({type: 'notice', notice: {kind: 'good', text: `${fault.kind} ${fault.target} is in force${effect}`}});
}

export async function clearFault({session, store, injected}: Work, id: string | undefined): Promise<void> {
  const cleared = await session.clear(id);
  for (const fault of cleared) injected.delete(fault.id);
  const what = cleared.map(({kind, target}) => `${kind} ${target}`).join(', ');
  store.dispatch({
    type: 'notice',
    notice: {kind: 'good', text: cleared.length === 0 ? 'Nothing was in force any more.' : `Healed: ${what}`},
  });
}

/** Follows a node's log until another page is opened. */
export async function tailLog({session, store, scope, closing}: Work, node: string): Promise<void> {
  scope.logs?.abort();
  const stop = new AbortController();
  scope.logs = stop;
  store.dispatch({type: 'logs', node, lines: []});
  const leave = store.subscribe(() => {
    const {page} = store.state();
    if (page.kind !== 'logs' || page.node !== node) stop.abort();
  });
  try {
    await session.logs(
      node,
      lines => stop.signal.aborted || store.dispatch({type: 'logs', node, lines: lines.slice(-LOG_LINES_MAX)}),
      AbortSignal.any([stop.signal, closing]),
    );
  } finally {
    leave();
  }
}

/** Heals what was injected from this screen, within a bound: leaving must not hang on a system that does not answer. */
export async function healOwnFaults({session, injected}: Work): Promise<void> {
  const healed = Promise.allSettled([...injected].map(id => session.clear(id)));
  const bound = new Promise(resolve => setTimeout(resolve, HEAL_WITHIN_MS).unref());
  await Promise.race([healed, bound]);
}

const LOG_LINES_MAX = 500;
const HEAL_WITHIN_MS = 2_000;
