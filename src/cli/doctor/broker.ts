import {ERRORS, LabError} from '../../errors.ts';
import {findNatsServer} from '../../runtime/process/nats-server.ts';
import {inPath} from './comfort.ts';
import {type Finding, ok, warn} from './finding.ts';

/** A server for the second engine of the broker on the process runtime; nothing needs it that was not asked for. */
export async function natsServer(): Promise<Finding> {
  try {
    const {file, version} = await findNatsServer();
    return ok('NATS', `${file} ${version.join('.')}, for \`up --broker nats\``);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (inPath('nats-server') === undefined)
      return ok('NATS', 'nats-server is not installed; only `up --broker nats` on the process runtime needs it');
    return warn('NATS', error.message, ERRORS.NATS_MISSING.fix);
  }
}
