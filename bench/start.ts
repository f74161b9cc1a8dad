import {createBenchLab, LAUNCHER, mustWork, type Timed, timeNode} from './support/lab.ts';
import {type Figure, median, option, printFigures, spread} from './support/report.ts';

/**
 * How long commands take beside a Node that does nothing, in turns, in one run. `status` and `labs` run beside a system that is up.
 * Options: `--rounds 15`, `--json`.
 */
const ROUNDS = option('rounds', 15);

interface Subject {
  readonly what: string;
  readonly args: readonly string[];
  /** At most this many times bare Node: until its end, and until its first output. */
  readonly bound?: number;
  readonly firstOutputBound?: number;
}

const BARE: Subject = {what: 'node -e 0', args: []};
const SUBJECTS: readonly Subject[] = [
  {what: '--version', args: ['--version'], bound: 1.5},
  {what: '--help', args: ['--help'], bound: 1.5},
  {what: 'status', args: ['status'], bound: 3, firstOutputBound: 2},
  {what: 'labs', args: ['labs'], bound: 3, firstOutputBound: 2},
  // What it says first; its end depends on the system.
  {what: 'up', args: ['up'], firstOutputBound: 2},
];

async function main(): Promise<void> {
  const lab = createBenchLab();
  const measured = new Map<Subject, Timed[]>([BARE, ...SUBJECTS].map(subject => [subject, []]));
  try {
    mustWork('up', await lab.run(['up']));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [subject, times] of measured) {
        const timed =
          subject === BARE
            ? await timeNode(['-e', '0'], process.env)
            : mustWork(subject.what, await lab.run(subject.args));
        // The first round fills the caches of the disk.
        if (round > 0) times.push(timed);
      }
    }
  } finally {
    await lab.remove();
  }
  const all = (subject: Subject, of: (timed: Timed) => number): number[] => (measured.get(subject) ?? []).map(of);
  const bare = all(BARE, ({ms}) => ms);
  const beside = (times: readonly number[]): string => `${spread(times)} beside ${spread(bare)}`;
  const figures = SUBJECTS.flatMap((subject): readonly Figure[] => {
    const ends = all(subject, ({ms}) => ms);
    const firsts = all(subject, ({firstOutputMs}) => firstOutputMs);
    return [
      {what: subject.what, times: ends, bound: subject.bound},
      {what: `${subject.what}, first output`, times: firsts, bound: subject.firstOutputBound},
    ].flatMap(({what, times, bound}) =>
      bound === undefined
        ? []
        : [{what, value: median(times) / median(bare), bound, unit: 'x' as const, detail: beside(times)}],
    );
  });
  printFigures(`start of ${LAUNCHER}`, figures);
}

await main();
