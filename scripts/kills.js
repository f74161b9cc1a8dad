// Kills the command or the controller at seeded moments and looks what is left after the next command: node scripts/kills.js [rounds] [first seed].
// Linux only: it reads /proc. Runs the built command; build first.
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [rounds = '50', firstSeed = '1'] = process.argv.slice(2);

const {openKillField, drawRound, describeRound} = await load('test/support/kill-rounds.ts');
let failures = 0;
const field = await openKillField();
try {
  for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(rounds); seed++) {
    const played = await field.play(drawRound(seed));
    if (played.problems.length > 0) failures += 1;
    console.log(describeRound(played));
  }
} finally {
  await field[Symbol.asyncDispose]();
}
console.log(`${rounds} rounds, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

/** Loads TypeScript from the checkout: bundled two folders below the root, as its sources are, so that it finds the root and the packages. */
async function load(file) {
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
