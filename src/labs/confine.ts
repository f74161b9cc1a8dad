import {readlink, realpath} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative, resolve} from 'node:path';
import {LabError} from '../errors.ts';

/**
 * The real path of `path` within `root`, with symbolic links resolved as far as the path exists.
 *
 * @throws NOT_ALLOWED when it leads outside.
 */
export async function confine(root: string, path: string): Promise<string> {
  const realRoot = await realAsFarAsItExists(root);
  const target = await realAsFarAsItExists(resolve(realRoot, path));
  if (!isWithin(realRoot, target)) throw new LabError('NOT_ALLOWED', `${path} leads outside ${root}, to ${target}.`);
  return target;
}

/** Whether `path` is `root` or below it; both absolute, links resolved. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

async function realAsFarAsItExists(path: string, linksLeft = 40): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    const parent = dirname(absolute);
    if (!isMissing(error) || parent === absolute || linksLeft === 0) throw error;
    // A link to nothing still says where a write would go.
    const link = await readlink(absolute).catch(() => undefined);
    if (link !== undefined) return realAsFarAsItExists(resolve(parent, link), linksLeft - 1);
    return join(await realAsFarAsItExists(parent, linksLeft), absolute.slice(parent.length));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
