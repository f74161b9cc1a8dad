import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import {Refusal} from './refusal.js';
import {run} from './run.js';
import {say} from './say.js';

/** Engines and debootstrap make mounts, networks and device files. */
export function requireRoot(what) {
  if (process.platform !== 'linux') {
    throw new Refusal(
      `${what} needs Linux. Start a container engine of your own and set DOCKER_HOST if it is not the default one.`,
    );
  }
  if (process.getuid() !== 0) throw new Refusal(`${what} needs root. Run it with sudo.`);
}

/** Installs the packages whose programs are missing. `programs`: program to Debian package. */
export async function installMissing(programs) {
  const packages = new Set(
    Object.entries(programs)
      .filter(([program]) => !isInstalled(program))
      .map(([, name]) => name),
  );
  if (packages.size === 0) return;
  if (!isInstalled('apt-get')) {
    throw new Refusal(
      `These are not installed, and there is no apt-get to install them with: ${[...packages].join(', ')}.`,
    );
  }
  say(`installing ${[...packages].join(', ')}`);
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    // The engine that the package brings along must not start by itself beside ours: RUNLEVEL 1 has init scripts wait for another level.
    env: {DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1'},
  });
}

function isInstalled(program) {
  return `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`
    .split(delimiter)
    .some(folder => folder !== '' && isExecutable(join(folder, program)));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
