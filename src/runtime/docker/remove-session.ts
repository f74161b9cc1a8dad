import type {EngineEndpoint} from './endpoint.ts';
import {type Engine, engineError, openEngine, statusOf} from './engine.ts';
import {ofSession} from './labels.ts';

/** Removes what a session has left on an engine, by its label and nothing else. Safe to repeat. Returns the names of what was removed. */
export async function removeSession(endpoint: EngineEndpoint, session: string): Promise<readonly string[]> {
  return removeAll(await openEngine(endpoint), session);
}

/** Containers first: they hold the network and the volumes. Errors: those of `engineError`. */
export async function removeAll(engine: Engine, session: string): Promise<readonly string[]> {
  const removed: string[] = [];
  const remove = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      removed.push(name);
    } catch (error) {
      // It has gone meanwhile, or is going.
      if (statusOf(error) === 404 || (statusOf(error) === 409 && /already in progress/.test(String(error)))) return;
      throw engineError(error, `${name} could not be removed`);
    }
  };
  const listed = async <T>(list: Promise<T>): Promise<T> =>
    list.catch(error => {
      throw engineError(error, 'what is left could not be listed');
    });
  const containers = await listed(engine.listContainers({all: true, ...ofSession(session)}));
  await Promise.all(
    containers.map(async ({Id, Names}) =>
      remove(Names[0]?.slice(1) ?? Id, async () => engine.getContainer(Id).remove({force: true, v: true})),
    ),
  );
  const networks = await listed(engine.listNetworks(ofSession(session)));
  await Promise.all(networks.map(async ({Id, Name}) => remove(Name, async () => engine.getNetwork(Id).remove())));
  const {Volumes: volumes} = await listed(engine.listVolumes(ofSession(session)));
  await Promise.all(
    (volumes ?? []).map(async ({Name}) => remove(Name, async () => engine.getVolume(Name).remove({force: true}))),
  );
  return removed;
}
