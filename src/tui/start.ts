import type {Leaving} from './app.ts';
import {showScreen} from './mount.tsx';
import {realSession} from './real-session.ts';

/**
 * Shows the screen of `teralab start` until the learner leaves: `exit` is 0, or 130 after Ctrl-C. Where `keepSystem` is false the
 * caller stops the system. `lab` is an id or the start of one; default: the next lab of the path.
 */
export async function runScreen({
  workspace,
  lab,
}: {
  readonly workspace: string;
  readonly lab?: string;
}): Promise<Leaving> {
  const {stdin, stdout, env} = process;
  return showScreen({session: realSession(workspace), workspace, lab, stdin, stdout, env});
}
