import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Loads TypeScript from the checkout: bundled two folders below the root, as its sources are, so that it finds the root and the packages. */
export async function loadTypeScript(file) {
  const folder = mkdtempSync(join(root, 'test', '.built-'));
  try {
    const outfile = join(folder, 'module.mjs');
    await build({
      entryPoints: [join(root, file)],
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
