import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import {LabError} from '../../errors.ts';
import {type Engine, engineError, statusOf} from '../docker/engine.ts';
import {labelsOf, type Named, nameOf, ofSession} from '../docker/labels.ts';
import {SEAMS_FOLDER} from '../docker/specs.ts';
import type {ConfigFile} from './service-spec.ts';

/** The engine's own limit for the content of a config. */
const CONTENT_BYTES_MAX = 500_000;
const NAME_LENGTH_MAX = 64;

/** Keeps a file on the swarm, once for each content. Errors: BAD_VALUE when it is too long for that; ENGINE_FAILED, ENGINE_MISSING. */
export async function keepFile(
  manager: Engine,
  session: Named,
  {what, content, path}: {readonly what: string; readonly content: Buffer; readonly path: string},
): Promise<ConfigFile> {
  if (content.length > CONTENT_BYTES_MAX)
    throw new LabError(
      'BAD_VALUE',
      `${what} has ${content.length} bytes; a swarm carries files of ${CONTENT_BYTES_MAX} bytes at most.`,
    );
  const name = nameOf(session, `${hashOf(content)}-${what}`)
    .replace(/[^\w.-]/g, '-')
    .slice(0, NAME_LENGTH_MAX)
    .replace(/\W+$/, '');
  try {
    const made: unknown = await manager.createConfig({
      Name: name,
      Data: content.toString('base64'),
      Labels: labelsOf(session, 'volume', what),
    });
    const {id, ID} = made as {readonly id?: string; readonly ID?: string};
    return {id: id ?? ID ?? '', name, path};
  } catch (error) {
    const there = statusOf(error) === 409 ? (await configsOf(manager, session.session)).get(name) : undefined;
    if (there === undefined) throw engineError(error, `${what} could not be brought to the swarm`);
    return {id: there, name, path};
  }
}

/** Ids of a session's configs, by name. */
export async function configsOf(manager: Engine, session: string): Promise<ReadonlyMap<string, string>> {
  const found = await manager.listConfigs(ofSession(session)).catch(error => {
    throw engineError(error, 'the configs of the session could not be listed');
  });
  return new Map(found.map(({ID, Spec}) => [Spec?.Name ?? ID, ID]));
}

/** Keeps learners' modules on the swarm. Returns where a service finds each of them, and the files it has to be given for that. */
export async function keepModules(
  manager: Engine,
  session: Named,
  seams: Readonly<Record<string, string>>,
): Promise<{readonly paths: Readonly<Record<string, string>>; readonly files: readonly ConfigFile[]}> {
  const kept = await Promise.all(
    Object.entries(seams).map(async ([seam, file]) => {
      const content = await readFile(file);
      const path = `${SEAMS_FOLDER}/${hashOf(content)}-${basename(file)}`;
      return {seam, kept: await keepFile(manager, session, {what: basename(file), content, path})};
    }),
  );
  const files = new Map(kept.map(({kept: file}) => [file.path, file]));
  return {
    paths: Object.fromEntries(kept.map(({seam, kept: {path}}) => [seam, path])),
    files: [...files.values()],
  };
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
