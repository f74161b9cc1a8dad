// Runs the experiments that come with teralab on the process runtime, and holds what each comes to against what its file expects.
//   node scripts/experiments.js [name… | --quarter]     (--quarter: every fourth of them, others each day)
import {mkdtempSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

const bin = fileURLToPath(new URL('../bin/teralab.js', import.meta.url));
/** A run that takes longer hangs, ms. */
const RUN_BOUND_MS = 180_000;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'teralab-experiments-')));
const options = {
  cwd: folder,
  env: {TERALAB_HOME: join(folder, 'home'), TERALAB_WORKSPACE: '', NO_COLOR: '1'},
  reject: false,
  stdin: 'ignore',
  timeout: RUN_BOUND_MS,
};
const teralab = async (...args) => execa(process.execPath, [bin, ...args], options);

const wanted = process.argv.slice(2);
const isWanted = name => wanted.length === 0 || wanted.includes(name);
const today = Math.floor(Date.now() / 86_400_000);
const {stdout} = await teralab('chaos', 'run', '--json');
const names = JSON.parse(stdout)
  .map(({name}) => name)
  .filter((name, index) => (wanted.includes('--quarter') ? index % 4 === today % 4 : isWanted(name)));
const startedAt = Date.now();
let wrong = names.length === 0 ? 1 : 0;
try {
  const up = await teralab('up');
  if (up.exitCode !== 0) throw new Error(up.stderr);
  for (const name of names) {
    const ran = await teralab('chaos', 'run', name, '--json');
    const {outcome, deviated, status, expected, because, durationMs, error} = JSON.parse(ran.stdout);
    const came = deviated ? 'deviated' : outcome === 'inconclusive' ? outcome : (status ?? error.code);
    const isRight = came === expected;
    if (!isRight) wrong++;
    const seconds = durationMs === undefined ? '' : ` (${Math.round(durationMs / 1000)} s)`;
    console.log(`${isRight ? '✔' : '✖'} ${name}: ${came}, expected ${expected}${seconds}: ${because ?? error.message}`);
    if (!isRight) console.log(ran.stderr.replace(/^/gm, '    '));
  }
} finally {
  await teralab('down');
  await teralab('clean');
  rmSync(folder, {recursive: true, force: true});
}
console.log(
  `${names.length - wrong} of ${names.length} as expected, in ${Math.round((Date.now() - startedAt) / 1000)} s`,
);
process.exitCode = wrong === 0 ? 0 : 1;
