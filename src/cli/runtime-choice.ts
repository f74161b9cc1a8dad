import {LabError} from '../errors.ts';
import type {RuntimeName} from '../runtime/runtime.ts';

/** @throws UNSUPPORTED_RUNTIME for runtimes that this version does not have. */
export function refuseMissingEngines(options: {readonly runtime?: RuntimeName}): void {
  if (options.runtime !== undefined && options.runtime !== 'process') {
    throw new LabError(
      'UNSUPPORTED_RUNTIME',
      `This version runs systems as processes of this machine; the ${options.runtime} runtime is not part of it yet.`,
    );
  }
}
