import {existsSync, readdirSync, realpathSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {LabError} from '../errors.ts';

/**
 * The folder of the labs that `--labs` (or TERALAB_LABS) names: that folder, its `labs/`, or those of an installed package. Undefined where
 * nothing is named. @throws USAGE when there is no lab.
 */
export function findLabs(named: string | undefined, cwd = process.cwd(), env = process.env): string | undefined {
  const wanted = named ?? (env.TERALAB_LABS === '' ? undefined : env.TERALAB_LABS);
  if (wanted === undefined) return undefined;
  const places = [resolve(cwd, wanted), ...above(cwd).map(folder => join(folder, 'node_modules', wanted))];
  const found = places.flatMap(place => [place, join(place, 'labs')]).find(holdsLabs);
  if (found !== undefined) return realpathSync(found);
  throw new LabError(
    'USAGE',
    `--labs takes a folder with labs or a package that has some; "${wanted}" is none: a lab is a folder with a lab.ts. \`teralab new lab <id>\` makes one.`,
  );
}

function holdsLabs(folder: string): boolean {
  try {
    return readdirSync(folder).some(name => existsSync(join(folder, name, 'lab.ts')));
  } catch {
    return false;
  }
}

function above(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
