import {LabError} from '../../errors.ts';
import type {Engine} from '../docker/engine.ts';
import {follow, imageId} from '../docker/images.ts';
import {machineError} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';

const MEGABYTE = 1_000_000;
const SAY_EVERY_BYTES = 50 * MEGABYTE;

/**
 * Makes sure that a machine has an image, which the manager has; where it is missing it is copied from there, so that no registry is
 * needed. Returns its id on that machine. Errors: IMAGE_MISSING, NO_SPACE, ENGINE_FAILED, ENGINE_MISSING.
 */
export async function bringImage(
  manager: Engine,
  machine: ReachedMachine,
  image: string,
  say: (line: string) => void,
): Promise<string> {
  try {
    const there = await imageId(machine.engine, image);
    if (there !== undefined) return there;
    await copy(manager, machine, image, say);
    const brought = await imageId(machine.engine, image);
    if (brought === undefined) throw new LabError('IMAGE_MISSING', `${machine.name} did not keep ${image}.`);
    return brought;
  } catch (error) {
    throw machineError(error, machine, `${image} could not be brought to the machine`);
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
