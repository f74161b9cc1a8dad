import type {Work} from './perform.ts';
import {labStatus, visibleLabs} from './select.ts';
import type {Reading} from './session.ts';

/** Opens a lab's brief and starts to watch its files. */
export async function openLab({session, store, scope, now}: Work, lab: string, quietly: boolean): Promise<void> {
  if (labStatus(store.state(), lab) === 'planned') {
    const text = `${lab} is on the path, but not part of this version yet.`;
    store.dispatch({type: 'notice', notice: {kind: 'info', text}});
    return;
  }
  const text = await session.lab(lab);
  store.dispatch({type: 'lab', text});
  if (!quietly) store.dispatch({type: 'view', action: {do: 'show', page: 'brief'}});
  scope.files?.();
  scope.files = session.onSaved(text.files, () => store.dispatch({type: 'saved', now: now()}));
}

/** The next or previous lab of the path that can be opened. */
export async function step(context: Work, by: 1 | -1): Promise<void> {
  const state = context.store.state();
  const labs = visibleLabs({path: state.path, find: null}).filter(({status}) => status !== 'planned');
  const from = labs.findIndex(({id}) => id === state.lab);
  const next = labs[from < 0 ? 0 : from + by];
  if (next !== undefined) await openLab(context, next.id, false);
  else
    context.store.dispatch({
      type: 'notice',
      notice: {kind: 'info', text: by > 0 ? 'This is the last lab of the path.' : 'This is the first lab of the path.'},
    });
}

export async function read({store}: Work, reading: Promise<Reading>): Promise<void> {
  store.dispatch({type: 'reading', reading: await reading});
}

export async function resetLab(context: Work, lab: string): Promise<void> {
  const sentence = await context.session.reset(lab);
  await refresh(context, lab);
  context.store.dispatch({type: 'notice', notice: {kind: 'good', text: sentence}});
}

/** Marks and words of the path, and the open lab's texts, after something was passed, failed or reset. */
export async function refresh({session, store}: Work, lab: string): Promise<void> {
  store.dispatch({type: 'path', path: await session.path()});
  if (store.state().lab === lab) store.dispatch({type: 'lab', text: await session.lab(lab)});
}

export async function edit({store, edit: editFile}: Work): Promise<void> {
  const file = store.state().text?.files[0];
  if (file === undefined) return;
  const sentence = await editFile(file);
  if (sentence !== undefined) store.dispatch({type: 'notice', notice: {kind: 'info', text: sentence}});
}
