import {type Containers, createContainers} from './support/containers.ts';
import {firstAnswer} from './support/first-answer.ts';
import {type BenchLab, createBenchLab, mustWork} from './support/lab.ts';
import {median, option, printFigures, spread} from './support/report.ts';

/**
 * `teralab up --runtime docker` with its images built, beside `docker run` of the same containers in parallel, in turns, in one run: from
 * the first spawn until a request through gateway, stream and database is answered. Options: `--rounds 5`, `--json`. Needs a Docker Engine.
 */
const ROUNDS = option('rounds', 5);

async function main(): Promise<void> {
  const lab = createBenchLab();
  const ours: number[] = [];
  const theirs: number[] = [];
  const downs: number[] = [];
  try {
    // Builds the image, and gives it a name that the Docker CLI can be asked for.
    await measureUp(lab);
    await lab.run(['down']);
    const containers = await createContainers();
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await measureRun(containers));
      ours.push(await measureUp(lab));
      downs.push(mustWork('down', await lab.run(['down'])).ms);
    }
  } finally {
    await lab.remove();
  }
  printFigures('docker-up', [
    {
      what: 'up on docker, images built',
      value: median(ours) / median(theirs),
      bound: 1.5,
      unit: 'x',
      detail: `${spread(ours)} beside ${spread(theirs)} of docker run in parallel; down ${spread(downs)}`,
    },
  ]);
}

async function measureUp(lab: BenchLab): Promise<number> {
  const begin = performance.now();
  const {stdout} = mustWork('up', await lab.run(['up', '--runtime', 'docker', '--json']));
  const status = JSON.parse(stdout) as {readonly urls: {readonly gateway: readonly string[]}};
  await firstAnswer(`${status.urls.gateway[0]}/v1/windows`);
  return performance.now() - begin;
}

async function measureRun(containers: Containers): Promise<number> {
  await containers.prepare();
  try {
    const begin = performance.now();
    await containers.start();
    await firstAnswer(`${containers.gateway}/v1/windows`);
    return performance.now() - begin;
  } finally {
    await containers.remove();
  }
}

await main();
