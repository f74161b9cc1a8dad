#!/usr/bin/env node
// The launcher: what must hold before anything of teralab is loaded. Plain JavaScript, so that a checkout can run it unbuilt.
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const args = process.argv.slice(2);
const separator = args.indexOf('--');
const flags = separator === -1 ? args : args.slice(0, separator);

decideColour();
if (nodeIsTooOld()) {
  process.stderr.write(
    `teralab needs Node 20.19 or newer; this is ${process.version}.\nInstall a newer Node (https://nodejs.org) and run the command again.\nerror NODE_TOO_OLD\n`,
  );
  process.exit(4);
}
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const {version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else {
  const main = new URL('../dist/cli/main.js', import.meta.url);
  if (!existsSync(main)) buildOnce();
  else if (startsSomething()) await sayWhatIsNotBuilt();
  let program;
  try {
    program = await import(main.href);
  } catch (error) {
    const detail = flags.includes('--debug') && error instanceof Error ? error.stack : String(error);
    process.stderr.write(
      `${detail}\nThe installation of teralab is incomplete; install it again (in a checkout: npm install).\nerror INTERNAL\n`,
    );
    process.exit(5);
  }
  await program.main(args);
}

/** FORCE_COLOR wins; then NO_COLOR, TERM=dumb and --no-color. chalk and Ink know FORCE_COLOR only, and read it when they load. */
function decideColour() {
  const {env} = process;
  if (env.FORCE_COLOR !== undefined) {
    // With both set, Node warns on stderr.
    delete env.NO_COLOR;
  } else if (env.NO_COLOR || env.TERM === 'dumb' || flags.includes('--no-color')) {
    env.FORCE_COLOR = '0';
  }
}

function nodeIsTooOld() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 20 || (major === 20 && minor < 19);
}

/** Commands that take longer than a look at all sources does. */
function startsSomething() {
  const [first, second] = flags.filter(flag => !flag.startsWith('-'));
  return ['up', 'start', 'check', 'break', 'demo'].includes(first) || (first === 'labs' && second === 'verify');
}

/** After a pull, or a change, a checkout would run what it was before. Not built here: a system that is up runs from dist. */
async function sayWhatIsNotBuilt() {
  const script = new URL('../scripts/newer-source.js', import.meta.url);
  if (!existsSync(script)) return;
  const {newerSource} = await import(script.href);
  const source = newerSource(fileURLToPath(new URL('..', import.meta.url)));
  if (source !== undefined)
    process.stderr.write(
      `${source} is newer than what is built, and what is built runs. To run what is there now: node scripts/build.js\n`,
    );
}

/** A checkout that was installed without its scripts has no dist yet. */
function buildOnce() {
  const script = fileURLToPath(new URL('../scripts/build.js', import.meta.url));
  if (existsSync(script)) {
    process.stderr.write('This checkout is not built yet; building it once (a few seconds) …\n');
    const built = spawnSync(process.execPath, [script], {stdio: ['ignore', 2, 2]});
    if (built.status === 0) return;
    process.stderr.write('The build failed; its words are above.\n');
  }
  process.stderr.write(
    'The installation of teralab is incomplete; install it again (in a checkout: npm install).\nerror INTERNAL\n',
  );
  process.exit(5);
}
