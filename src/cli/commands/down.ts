import type {ControllerClient} from '../../controller/connection.ts';
import {LabError} from '../../errors.ts';
import type {Outcome} from '../command.ts';
import {showProgress} from '../connect.ts';
import type {Context} from '../context.ts';
import {counted} from '../output/text.ts';

export interface DownFlags {
  readonly all?: boolean;
}

interface Stopped {
  readonly workspace: string;
  /** Nodes. */
  readonly stopped: number;
}

export async function run(context: Context, flags: DownFlags): Promise<Outcome> {
  context.doing('the system goes on stopping by itself');
  const workspaces =
    flags.all === true ? (await context.controllers.list()).map(({workspace}) => workspace) : [context.workspace];
  const stopped: Stopped[] = [];
  for (const workspace of workspaces) {
    const nodes = await stopSystem(context, workspace);
    if (nodes !== undefined) stopped.push({workspace, stopped: nodes});
  }
  if (context.json) {
    context.document({stopped: stopped.reduce((sum, each) => sum + each.stopped, 0), systems: stopped});
    return 'ok';
  }
  for (const each of stopped) context.line(`Stopped ${counted(each.stopped, 'node')} of ${each.workspace}.`);
  if (stopped.length === 0)
    context.line(flags.all === true ? 'No system of yours was running.' : 'Nothing was running.');
  return 'ok';
}

/** Stops a workspace's system; gives the number of nodes, or undefined when none was running. */
export async function stopSystem(context: Context, workspace: string): Promise<number | undefined> {
  context.progress.step('looking for a running system');
  const say = (line: string): void => context.progress.step(line);
  const client: ControllerClient | undefined = await context.controllers.find(workspace, say);
  if (client === undefined) return undefined;
  try {
    context.progress.step('stopping the system');
    const {stopped} = await client.call('down', {}, showProgress(context), context.signal);
    return stopped;
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'CONTROLLER_LOST')) throw error;
    // It was killed meanwhile; looking for it once more removes what it has left.
    (await context.controllers.find(workspace, say))?.close();
    return 0;
  } finally {
    client.close();
    context.progress.stop();
  }
}
