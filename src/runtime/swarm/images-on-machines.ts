import {LabError} from '../../errors.ts';
import type {Engine} from '../docker/engine.ts';
import {follow, imageId} from '../docker/images.ts';
import {machineError} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';

const MEGABYTE = 1_000_000;
const SAY_EVERY_BYTES = 50 * MEGABYTE;

/**
 * Makes sure that a machine has these images, which the manager has; what is missing is copied from there, so that no registry is needed.
 * Returns their ids on that machine, in order. Errors: IMAGE_MISSING, NO_SPACE, ENGINE_FAILED, ENGINE_MISSING.
 */
export async function bringImages(
  manager: Engine,
  machine: ReachedMachine,
  images: readonly string[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const what = `${images.join(' and ')} could not be brought to the machine`;
  const ids = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all(images.map(async image => imageId(machine.engine, image)));
  try {
    const there = await ids();
    const missing = images.filter((_, index) => there[index] === undefined);
    for (const image of missing) await copy(manager, machine, image, say);
    const found = await ids();
    return images.map((image, index) => {
      const id = found[index];
      if (id === undefined) throw new LabError('IMAGE_MISSING', `${machine.name} did not keep ${image}.`);
      return id;
    });
  } catch (error) {
    throw machineError(error, machine, what);
  }
}

async function copy(
  manager: Engine,
  machine: ReachedMachine,
  image: string,
  say: (line: string) => void,
): Promise<void> {
  say(`bringing ${image} to ${machine.name} (once)`);
  const archive = await manager.getImage(image).get();
  let bytes = 0;
  let said = 0;
  archive.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < said + SAY_EVERY_BYTES) return;
    said = bytes;
    say(`bringing ${image} to ${machine.name}: ${Math.round(bytes / MEGABYTE)} MB`);
  });
  const progress = await machine.engine.loadImage(archive, {quiet: true});
  await follow(machine.engine, progress, () => undefined);
}
