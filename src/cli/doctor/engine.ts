import type {EngineFacts} from '../../runtime/docker/describe-engine.ts';
import {type Finding, ok, warn} from './finding.ts';

const NOT_NEEDED = 'only `--runtime docker` needs one';

/** What the engine of the docker runtime is like, a line each; one line where there is none, which is no failure. */
export async function engine(): Promise<readonly Finding[]> {
  const {resolveEndpoint} = await import('../../runtime/docker/endpoint.ts');
  const {describeEngine} = await import('../../runtime/docker/describe-engine.ts');
  let source = 'default socket';
  try {
    const endpoint = await resolveEndpoint();
    source = endpoint.source;
    return describeFacts(await describeEngine(endpoint));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // Somebody who has named one expects it to answer.
    return [
      source === 'default socket'
        ? ok('Docker', `no engine answers; ${NOT_NEEDED}`)
        : warn(
            'Docker',
            why.replace(/\.$/, ''),
            `Start it, or point DOCKER_HOST or the context elsewhere; ${NOT_NEEDED}.`,
          ),
    ];
  }
}

/** The findings for what an engine says of itself. */
export function describeFacts(facts: EngineFacts): readonly Finding[] {
  const {version, api, operatingSystem, host, source, storageDriver, cgroupVersion, missing, images} = facts;
  const lacks = Object.entries(missing).map(([kind, reason]) => `${kind} (${reason})`);
  const cgroups = `cgroup v${cgroupVersion}`;
  return [
    ok('Docker', `engine ${version}, API ${api}, on ${operatingSystem}, at ${host} (${source})`),
    ok('storage', `${storageDriver}; its volumes have no size of their own, so that no disk can be filled`),
    lacks.length === 0
      ? ok('limits', `${cgroups}: CPU time and memory of containers can be limited`)
      : warn(
          'limits',
          `${cgroups}: not possible here: ${lacks.join(', ')}`,
          'Use an engine with these cgroup controllers, or other faults.',
        ),
    images.absent.length === 0
      ? ok('images', `${images.present.join(', ')} are there`)
      : ok('images', `${images.absent.join(', ')} will be pulled once (or loaded with \`docker load\`)`),
  ];
}
