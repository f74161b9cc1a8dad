import {join} from 'node:path';
import {bundle, exists, isCurrent} from '../bundle.ts';

/** A lab's bench as a module that runs: as it was built with the package, or else built into `outFolder`. Errors: BROKEN_LAB. */
export async function benchFile(places: {
  readonly id: string;
  readonly labFolder: string;
  readonly builtLabs: string;
  readonly packageFolder: string;
  readonly outFolder: string;
}): Promise<string> {
  const {id, labFolder, builtLabs, packageFolder, outFolder} = places;
  const built = join(builtLabs, id, 'bench.js');
  const source = join(labFolder, 'bench.ts');
  // A lab of somebody else may have the id of one that was built, in another version.
  const isPackages = labFolder === join(packageFolder, 'labs', id);
  if (isPackages && (await exists(built)) && (await isCurrent(built, source))) return built;
  return bundle(source, join(outFolder, 'bench.mjs'), packageFolder);
}
