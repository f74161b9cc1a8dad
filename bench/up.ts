import {firstAnswer} from './support/first-answer.ts';
import {createFloor} from './support/floor.ts';
import {type BenchLab, createBenchLab, mustWork} from './support/lab.ts';
import {median, option, printFigures, spread} from './support/report.ts';

/**
 * `teralab up` beside the floor, in turns, in one run: from the spawn of the command to its end and a first request answered through
 * gateway, stream and database. Options: `--rounds 9`, `--first 3`, `--json`.
 */
const ROUNDS = option('rounds', 9);
const FIRST_RUNS = option('first', 3);

async function main(): Promise<void> {
  const first: number[] = [];
  const warm: number[] = [];
  const bare: number[] = [];
  const commands: number[] = [];
  for (let run = 0; run < FIRST_RUNS; run++) {
    const fresh = createBenchLab();
    try {
      first.push((await measureUp(fresh)).ms);
    } finally {
      await fresh.remove();
    }
  }
  const lab = createBenchLab();
  try {
    await measureUp(lab);
    await lab.run(['down']);
    const floor = await createFloor(lab.paths);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await floor.measure());
        const up = await measureUp(lab);
        warm.push(up.ms);
        commands.push(up.commandMs);
        mustWork('down', await lab.run(['down']));
      }
    } finally {
      floor.remove();
    }
  } finally {
    await lab.remove();
  }
  const floorMs = median(bare);
  const beside = `beside ${spread(bare)}`;
  printFigures('up', [
    {
      what: 'up, warm',
      value: median(warm) / floorMs,
      bound: 1.5,
      unit: 'x',
      detail: `${spread(warm)} ${beside}; the command alone ${spread(commands)}`,
    },
    {
      what: 'up, first run ever',
      value: median(first) / floorMs,
      bound: 3,
      unit: 'x',
      detail: `${spread(first)} ${beside}`,
    },
  ]);
}

/** Brings the system up; ms until the first request was answered, and until the command had ended. */
async function measureUp(lab: BenchLab): Promise<{readonly ms: number; readonly commandMs: number}> {
  const begin = performance.now();
  const {stdout} = mustWork('up', await lab.run(['up', '--json']));
  const commandMs = performance.now() - begin;
  const status = JSON.parse(stdout) as {readonly urls: {readonly gateway: readonly string[]}};
  await firstAnswer(`${status.urls.gateway[0]}/v1/windows`);
  return {ms: performance.now() - begin, commandMs};
}

await main();
