// Kills the command or the controller at seeded moments and looks what is left after the next command: node scripts/kills.js [rounds] [first seed].
// With `docker` in the end the system runs on the engine that DOCKER_HOST names, and the agent's container is killed as well; with the folder of an
// engine of scripts/engine.js after that, that engine too. Linux only: it reads /proc. Runs the built command; build first.
import {loadTypeScript} from './load-typescript.js';

const [rounds = '50', firstSeed = '1', runtime = 'process', engineFolder] = process.argv.slice(2);

const {openField, draw, describe} = runtime === 'docker' ? await onDocker() : await onProcesses();
let failures = 0;
const field = await openField();
try {
  for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(rounds); seed++) {
    const played = await field.play(draw(seed));
    if (played.problems.length > 0) failures += 1;
    console.log(describe(played));
  }
} finally {
  await field[Symbol.asyncDispose]();
}
console.log(`${rounds} rounds, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

async function onProcesses() {
  const {openKillField, drawRound, describeRound} = await loadTypeScript('test/support/kill-rounds.ts');
  return {openField: openKillField, draw: drawRound, describe: describeRound};
}

async function onDocker() {
  const rounds = await loadTypeScript('test/support/docker-kill-rounds.ts');
  return {
    openField: () => rounds.openDockerKillField(engineFolder),
    draw: seed => rounds.drawDockerRound(seed, engineFolder !== undefined),
    describe: rounds.describeDockerRound,
  };
}
