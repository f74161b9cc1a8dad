import {accessSync, constants} from 'node:fs';
import {delimiter, isAbsolute, join} from 'node:path';
import {LabError} from '../../errors.ts';
import {runCommand} from './run-command.ts';

/** A NATS server that can be started. */
export interface NatsServer {
  readonly file: string;
  /** `[2, 9]`. */
  readonly version: readonly [number, number];
}

/** The first that reads stored messages directly, as the adapter does. */
const VERSION_MIN = [2, 9] as const;

/** Finds `nats-server` on the PATH. Errors: NATS_MISSING, also for one that is too old. */
export async function findNatsServer(path = process.env.PATH ?? ''): Promise<NatsServer> {
  const file = path
    .split(delimiter)
    .filter(isAbsolute)
    .map(folder => join(folder, 'nats-server'))
    .find(isExecutable);
  if (file === undefined) throw new LabError('NATS_MISSING', 'There is no `nats-server` on the PATH.');
  const text = await runCommand('nats-server', file, ['--version']).catch((error: Error) => {
    throw new LabError('NATS_MISSING', `${file} cannot be run. ${error.message}`, {cause: error});
  });
  const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)\./.exec(text) ?? [];
  const version = [Number(major), Number(minor)] as const;
  if (!isAtLeast(version, VERSION_MIN))
    throw new LabError('NATS_MISSING', `${file} is ${text.trim()}; teralab needs ${VERSION_MIN.join('.')} or newer.`);
  return {file, version};
}

export function isAtLeast([major, minor]: readonly [number, number], least: readonly [number, number]): boolean {
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
