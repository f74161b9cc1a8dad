import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

/** Built files that other processes and threads start from, and the package's folders. */
export interface Entries {
  readonly services: Readonly<Record<string, string>>;
  readonly agent: {readonly fabric: URL; readonly load: URL; readonly telemetry: URL};
  readonly controller: string;
  readonly watchdog: string;
  /** What the learner's own tests run in, and what they are run against. */
  readonly yourTests: {readonly tests: string; readonly bench: string};
  /** What stewards of a swarm run. */
  readonly steward: string;
  /** The package: `labs/`, `templates/`, `services/`. */
  readonly packageFolder: string;
  /** Compiled labs: `<id>/lab.js`. */
  readonly builtLabs: string;
}

/** Finds them from whatever chunk of `dist` this module was bundled into. */
export function findEntries(): Entries {
  const packageFolder = findPackage(dirname(fileURLToPath(import.meta.url)));
  const dist = join(packageFolder, 'dist');
  const thread = (name: string): URL => pathToFileURL(join(dist, 'agent', `${name}.js`));
  return {
    services: Object.fromEntries(
      ['gateway', 'identity', 'stream', 'modules', 'sidecar', 'own'].map(name => [
        name,
        join(dist, 'services', `${name}.cjs`),
      ]),
    ),
    agent: {fabric: thread('fabric-thread'), load: thread('load-thread'), telemetry: thread('telemetry-thread')},
    controller: join(dist, 'controller', 'main.js'),
    watchdog: join(dist, 'controller', 'watchdog.js'),
    yourTests: {tests: join(dist, 'your-tests', 'tests.js'), bench: join(dist, 'your-tests', 'bench.js')},
    steward: join(dist, 'container', 'steward.mjs'),
    packageFolder,
    builtLabs: join(dist, 'labs'),
  };
}

/** The nearest folder above that holds both the launcher and the labs; `dist/package.json` is none. */
function findPackage(folder: string): string {
  if (existsSync(join(folder, 'bin', 'teralab.js'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('teralab is not installed completely: its launcher is missing.');
  return findPackage(parent);
}
