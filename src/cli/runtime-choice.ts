import {LabError} from '../errors.ts';
import type {RuntimeName} from '../runtime/runtime.ts';

/** @throws UNSUPPORTED_RUNTIME for engines that this version does not have. */
export function refuseMissingEngines(options: {
  readonly runtime?: RuntimeName;
  readonly broker?: 'postgres' | 'nats';
}): void {
  if (options.runtime === 'swarm') {
    throw new LabError(
      'UNSUPPORTED_RUNTIME',
      'This version runs systems as processes of this machine or as containers; the swarm runtime is not part of it yet.',
    );
  }
  if (options.broker === 'nats') {
    throw new LabError(
      'UNSUPPORTED_RUNTIME',
      'This version has the postgres broker only; the nats broker is not part of it yet. Leave `--broker` out.',
    );
  }
}
