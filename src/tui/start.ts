import type {Leaving} from './app.ts';
import {realSession} from './real-session.ts';

/**
 * Shows the screen of `teralab start` until the learner leaves: `exit` is 0, or 130 after Ctrl-C. Where `keepSystem` is false the
 * caller stops the system. `lab` is an id or the start of one; default: the next lab of the path.
 */
export async function runScreen({
  workspace,
  labs,
  lab,
}: {
  readonly workspace: string;
  /** Folder of labs besides those of teralab. */
  readonly labs?: string | undefined;
  readonly lab?: string;
}): Promise<Leaving> {
  const {stdin, stdout, env} = process;
  const {showScreen} = await loadWithout(INK_READS, async () => import('./mount.tsx'));
  return showScreen({session: realSession(workspace, labs), workspace, lab, stdin, stdout, env});
}

/**
 * Ink looks at these once, when it is loaded: with the first two it draws a single frame, with the third it looks for a
 * debugger. Whoever asked for the screen on a terminal wants neither.
 */
const INK_READS = ['CI', 'CONTINUOUS_INTEGRATION', 'DEV'] as const;

async function loadWithout<Module>(names: readonly string[], load: () => Promise<Module>): Promise<Module> {
  const saved = names.map(name => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    return await load();
  } finally {
    for (const [name, value] of saved) if (value !== undefined) process.env[name] = value;
  }
}
