import {execa} from 'execa';

/** Endpoints of all engines of the swarm that `scripts/engine.js swarm up` makes, the manager's first; the manager's alone for any other. */
export function swarmEngines(manager: string): readonly string[] {
  return /\/h1\/docker\.sock$/.test(manager)
    ? [1, 2, 3].map(number => manager.replace('/h1/', `/h${number}/`))
    : [manager];
}

/** The engine, among these, that has a container. */
export async function engineOf(container: string, engines: readonly string[]): Promise<string> {
  for (const engine of engines) {
    const {exitCode} = await execa('docker', ['--host', engine, 'container', 'inspect', container], {reject: false});
    if (exitCode === 0) return engine;
  }
  throw new Error(`None of ${engines.join(', ')} has container ${container}.`);
}
