import {dockerDoes as docker} from './containers.ts';

/** Ids of everything on the engine that carries a session's label: containers, networks, volumes. */
export async function madeBy(session: string): Promise<readonly string[]> {
  const filter = ['-q', '--filter', `label=dev.teralab.session=${session}`];
  const lists = await Promise.all([
    docker('ps', '-a', ...filter),
    docker('network', 'ls', ...filter),
    docker('volume', 'ls', ...filter),
  ]);
  return lists.flatMap(list => list.split('\n').filter(id => id !== ''));
}

/** Names of the containers of a session that run, without what is common to all. */
export async function runningOf(session: string): Promise<readonly string[]> {
  const names = await docker('ps', '--format', '{{.Names}}', '--filter', `label=dev.teralab.session=${session}`);
  return names
    .split('\n')
    .filter(name => name !== '')
    .map(name => name.replace(`teralab-${session}-`, ''))
    .toSorted();
}
