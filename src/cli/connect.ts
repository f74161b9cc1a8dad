import type {ControllerClient} from '../controller/connection.ts';
import type {ProgressEvent, StatusReport, UpOptions} from '../controller/protocol.ts';
import {LabError} from '../errors.ts';
import type {Context} from './context.ts';

/** Systems that others stop just when this command wants one. */
const ATTEMPTS_MAX = 3;

/** Works with the controller that runs, and closes the connection afterwards. @throws NOT_RUNNING when there is none. */
export async function withRunning<T>(context: Context, use: (client: ControllerClient) => Promise<T>): Promise<T> {
  const client = await context.controllers.find(context.workspace, line => context.progress.step(line));
  if (client === undefined)
    throw new LabError('NOT_RUNNING', `No system is running for the workspace ${context.workspace}.`);
  return closing(client, use);
}

/** Works with a system that is up: starts what is missing first, and says so. */
export async function withSystem<T>(
  context: Context,
  options: UpOptions,
  use: (client: ControllerClient, status: StatusReport) => Promise<T>,
): Promise<T> {
  const say = (line: string): void => context.progress.step(line);
  for (let attempt = 1; ; attempt++) {
    const client = await context.controllers.ensure(context.workspace, say);
    const status = await client.call('up', options, showProgress(context), context.signal).catch((error: unknown) => {
      client.close();
      // Another terminal, or the loss of an engine, was just taking the system down: its controller ends with it.
      if (error instanceof LabError && error.code === 'CONTROLLER_LOST' && attempt < ATTEMPTS_MAX) return undefined;
      throw error;
    });
    if (status !== undefined) return closing(client, async () => use(client, status));
    say('a system that was being stopped is gone: starting afresh');
  }
}

export function showProgress(context: Context): (event: ProgressEvent) => void {
  return ({text, share}) => context.progress.step(text, share);
}

async function closing<T>(client: ControllerClient, use: (client: ControllerClient) => Promise<T>): Promise<T> {
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
