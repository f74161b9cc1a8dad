import {LabError} from '../../errors.ts';

/** Most instances of one service that a laptop is asked to run. */
export const REPLICAS_MAX = 16;

/** Adds `identity=3` (or `identity=3,gateway=2`) to the replicas asked for so far. The topology checks the names. */
export function parseReplicas(
  raw: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const replicas: Record<string, number> = {...before};
  for (const part of raw.split(',')) {
    const match = /^\s*([a-z][a-z0-9-]*)=(\d{1,3})\s*$/.exec(part);
    const count = match === null ? Number.NaN : Number(match[2]);
    if (!(count >= 1 && count <= REPLICAS_MAX)) {
      throw new LabError(
        'BAD_VALUE',
        `--replicas takes a service and a number from 1 to ${REPLICAS_MAX}, like identity=3; "${raw}" is not of that form.`,
      );
    }
    replicas[match?.[1] ?? ''] = count;
  }
  return replicas;
}
