// Makes what the services need on a Postgres of your own, for those who run them without the lab: databases, roles, schemas, sample data. See docs/databases.md.
//
//   DATABASE_ADMIN_URL=postgres://admin:…@host:5432/postgres node scripts/databases.js init [--samples] [--write FILE]
//   DATABASE_URL=postgres://identity:…@host:5432/identity node scripts/databases.js up|down identity|stream [STEPS]
//
// URLs hold passwords: they come from the environment, not from arguments, which every user of the machine can list.
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {parseArgs} from 'node:util';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const USAGE = `usage: DATABASE_ADMIN_URL=postgres://… node scripts/databases.js init [--samples] [--write FILE]
       DATABASE_URL=postgres://… node scripts/databases.js up|down identity|stream [STEPS]`;
/** sysexits' EX_USAGE. */
const EXIT_USAGE = 64;
const log = {
  debug: () => {},
  info: () => {},
  warn: (fields, message) => console.error(message, fields.err?.message ?? ''),
  error: (fields, message) => console.error(message, fields.err?.message ?? ''),
};

process.exitCode = await main().catch(error => {
  console.error(error instanceof AggregateError ? error.errors.map(one => one.message).join('; ') : error.message);
  return 1;
});

async function main() {
  const {positionals, values} = parse();
  const [command, schema, rawSteps = '1'] = positionals;
  if (command === 'init' && positionals.length === 1) return init(values);
  const steps = Number(rawSteps);
  const isWhole =
    ['up', 'down'].includes(command) && ['identity', 'stream'].includes(schema) && positionals.length <= 3;
  if (!isWhole || !Number.isInteger(steps) || steps < 1) return usage();
  const url = needed('DATABASE_URL');
  if (url === undefined) return usage();
  const {bringUp, takeBack} = await load();
  const names = command === 'up' ? await bringUp(url, schema, log) : await takeBack(url, schema, steps, log);
  console.error(names.length === 0 ? 'Nothing to do.' : `${command}: ${names.join(', ')}`);
  return 0;
}

async function init({samples, write: file}) {
  const adminUrl = needed('DATABASE_ADMIN_URL');
  if (adminUrl === undefined) return usage();
  if (file !== undefined && existsSync(file)) {
    console.error(`${file} is there already; it may hold the passwords that are in use.`);
    return 1;
  }
  const {makeDatabases} = await load();
  const made = await makeDatabases({adminUrl, withSamples: samples === true, log});
  for (const [schema, names] of Object.entries(made.applied))
    console.error(`${schema}: ${names.length === 0 ? 'the schema is up to date' : names.join(', ')}`);
  for (const {account, name, password} of made.samples)
    console.error(`sample account ${account} (${name}), password ${password}`);
  const lines = [
    `IDENTITY_DATABASE_URL=${made.urls.identity}`,
    `STREAM_DATABASE_URL=${made.urls.stream}`,
    `BROKER_URL=${made.urls.broker}`,
  ];
  if (file === undefined) console.log(lines.join('\n'));
  else writeFileSync(file, `${lines.join('\n')}\n`, {mode: 0o600, flag: 'wx'});
  return 0;
}

function parse() {
  try {
    return parseArgs({allowPositionals: true, options: {samples: {type: 'boolean'}, write: {type: 'string'}}});
  } catch {
    return {positionals: [], values: {}};
  }
}

function needed(variable) {
  const url = process.env[variable];
  if (url !== undefined && /^postgres(ql)?:\/\//.test(url)) return url;
  console.error(`${variable} must be the postgres:// URL of the database.`);
  return undefined;
}

function usage() {
  console.error(USAGE);
  return EXIT_USAGE;
}

/** The set-up is TypeScript like the services; it is bundled where its dependencies are. */
async function load() {
  const folder = mkdtempSync(join(root, 'node_modules', '.databases-'));
  const file = join(folder, 'databases.mjs');
  try {
    await build({
      entryPoints: [join(root, 'services/setup/databases.ts')],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
