import {join} from 'node:path';
import {Refusal} from './refusal.js';
import {engineVersion} from './run.js';

/** The socket of the engine that is kept in a folder. */
export function ownEndpoint(folder) {
  return `unix://${join(folder, 'docker.sock')}`;
}

/** The engine that was asked for, by option or environment; undefined when it is ours to choose. */
export function chosenEndpoint({host}) {
  return host ?? (process.env.DOCKER_HOST || undefined);
}

/** An engine that answers. Errors: a Refusal that says how to get one. */
export async function requireEngine({folder, host}) {
  const endpoint = chosenEndpoint({host}) ?? ownEndpoint(folder);
  if ((await engineVersion(endpoint)) !== undefined) return endpoint;
  throw new Refusal(`No container engine answers at ${endpoint}. Start one with \`node scripts/engine.js start\`.`);
}
