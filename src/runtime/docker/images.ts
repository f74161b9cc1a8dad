import {createHash} from 'node:crypto';
import {readdir, readFile} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {Readable} from 'node:stream';
import {pack} from 'tar-stream';
import {LabError} from '../../errors.ts';
import {type Engine, engineError, reasonOf, statusOf} from './engine.ts';

/** Official images, under the tags that everybody pulls. */
export const BASE_IMAGES = {
  node: 'node:20-bookworm-slim',
  postgres: 'postgres:18-bookworm',
  nats: 'nats:2.9',
} as const;

const RECIPE = ['docker/Dockerfile', 'docker/start.mjs'] as const;
const NOTICES = 'dist/THIRD-PARTY-NOTICES.txt';
const REPOSITORY = 'teralab';
/** Tells images of this program from others that have the same name. */
const IMAGE_LABEL = 'dev.teralab.image';

/** A file of a build context. */
export interface ContextFile {
  /** Relative, with slashes. */
  readonly name: string;
  readonly content: Buffer;
}

/** What the one image of services and agent is made of: its recipe, and what the build has bundled. */
export async function systemContext(packageFolder: string): Promise<readonly ContextFile[]> {
  const folders = ['dist/services', 'dist/container'];
  const built = (await Promise.all(folders.map(async folder => filesBelow(join(packageFolder, folder))))).flat();
  const names = [...[...RECIPE, NOTICES].map(name => join(packageFolder, name)), ...built];
  return Promise.all(
    names.toSorted().map(async file => ({
      name: relative(packageFolder, file).replaceAll('\\', '/'),
      content: await readFile(file),
    })),
  );
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, {withFileTypes: true, recursive: true});
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
}

/**
 * The image of services and agent for this content: built when the engine has none yet. The tag is the hash of the content, so that it is
 * built once per version of the program, whoever else has built it. Errors: IMAGE_MISSING, NO_SPACE, ENGINE_MISSING.
 */
export async function ensureSystemImage(
  engine: Engine,
  files: readonly ContextFile[],
  say: (line: string) => void,
): Promise<string> {
  const hash = hashOf(files);
  const tag = `${REPOSITORY}:${hash}`;
  if (await hasImage(engine, tag)) return tag;
  await ensureImage(engine, BASE_IMAGES.node, say);
  say(`building the image ${tag} (once for this version)`);
  const context = pack();
  for (const {name, content} of files) context.entry({name, mode: 0o644}, content);
  context.finalize();
  try {
    const stream = await engine.buildImage(Readable.from(context), {
      t: tag,
      dockerfile: RECIPE[0],
      labels: {[IMAGE_LABEL]: hash},
      rm: true,
      forcerm: true,
    });
    await follow(engine, stream, event => {
      const step = /^Step (\d+\/\d+) : (.*)/.exec(event.stream ?? '');
      if (step !== null) say(`building the image: step ${step[1]}, ${step[2]}`);
    });
  } catch (error) {
    const known = engineError(error, `the image ${tag} could not be built`);
    throw known instanceof LabError
      ? known
      : new LabError('IMAGE_MISSING', `The image ${tag} could not be built: ${reasonOf(error)}`, {cause: error});
  }
  return tag;
}

/** Makes sure that the engine has an image; pulls it where it has not. Errors: IMAGE_MISSING, NO_SPACE, ENGINE_MISSING. */
export async function ensureImage(engine: Engine, image: string, say: (line: string) => void): Promise<void> {
  if (await hasImage(engine, image)) return;
  say(`pulling ${image} (once)`);
  try {
    const stream: NodeJS.ReadableStream = await engine.pull(image, {});
    const layers = new Map<string, string>();
    await follow(engine, stream, ({id, status}) => {
      if (id === undefined || status === undefined || layers.get(id) === status) return;
      layers.set(id, status);
      const done = [...layers.values()].filter(word => /complete|exists/i.test(word)).length;
      say(`pulling ${image}: ${done} of ${layers.size} layers`);
    });
  } catch (error) {
    const known = engineError(error, `${image} could not be pulled`);
    if (known instanceof LabError && known.code !== 'ENGINE_FAILED') throw known;
    throw new LabError(
      'IMAGE_MISSING',
      `The engine has no image ${image}, and it could not be pulled: ${reasonOf(error)}.`,
      {cause: error},
    );
  }
}

/** Whether an engine has an image already. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  return (await imageId(engine, image)) !== undefined;
}

/** Id of an image that the engine has; undefined where it has none of this name. */
export async function imageId(engine: Engine, image: string): Promise<string | undefined> {
  try {
    return (await engine.getImage(image).inspect()).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineError(error, `${image} could not be looked up`);
  }
}

function hashOf(files: readonly ContextFile[]): string {
  const hash = createHash('sha256');
  for (const {name, content} of files) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest('hex').slice(0, 16);
}

interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
}

/** Reads the engine's progress to its end. @throws what the engine reports as an error in it. */
export async function follow(
  engine: Engine,
  stream: NodeJS.ReadableStream,
  onProgress: (event: Progress) => void,
): Promise<void> {
  let failed: string | undefined;
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(
      stream,
      error => (error === null || error === undefined ? resolve() : reject(error)),
      (event: Progress) => {
        failed ??= event.error;
        onProgress(event);
      },
    );
  });
  if (failed !== undefined) throw new Error(failed.trim());
}
