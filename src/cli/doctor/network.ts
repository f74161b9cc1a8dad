import {createServer} from 'node:net';
import {ERRORS, LabError} from '../../errors.ts';
import {labPaths, workspaceId} from '../../paths.ts';
import {type Finding, fail, ok, warn} from './finding.ts';

const GATEWAY_PORT = 4000;

/** A taken 4000 is no fault: the gateway takes the next free port. */
export async function gatewayPort(): Promise<Finding> {
  if (await isFree(GATEWAY_PORT)) return ok('ports', `${GATEWAY_PORT} is free for the gateway`);
  return warn(
    'ports',
    `${GATEWAY_PORT} is in use`,
    'The gateway takes the next free port (or this is your running system); `teralab status` says which.',
  );
}

export async function loopback(): Promise<Finding> {
  if (await isFree(0)) return ok('loopback', '127.0.0.1 can be listened on');
  return fail('loopback', '127.0.0.1 cannot be listened on', 'Allow programs to listen on the loopback address.');
}

export async function socketPath(workspace: string): Promise<Finding> {
  try {
    return ok('socket', await labPaths().socket(await workspaceId(workspace)));
  } catch (error) {
    if (error instanceof LabError) return fail('socket', error.message, ERRORS[error.code].fix);
    throw error;
  }
}

async function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
