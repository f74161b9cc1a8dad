import type {Command} from 'commander';
import {BROKER_ENGINES} from '../../topology/topology.ts';
import type {Shell} from '../command.ts';
import {parseChoice} from '../parse/choice.ts';
import {parseDuration} from '../parse/duration.ts';
import {parseFault} from '../parse/fault.ts';
import {parseSeed, parseWhole} from '../parse/number.ts';
import {declare, runs} from './declare.ts';
import {BROKER_HELP, RUNTIMES} from './system.ts';

/** Commands on labs. Where `[lab]` is left out, it is the one last worked on, or the next open one. */
export function declareLabs(program: Command, shell: Shell): void {
  program.commandsGroup('Labs:');

  const start = declare(program, {
    usage: 'start [lab]',
    summary: 'bring the system up and open the screen on the path or on that lab',
    more: 'Without a terminal it brings the system up, prints the path, the brief of the next lab and the commands to go on with.',
    examples: ['teralab start', 'teralab start p2-04', 'teralab start --plain'],
  }).option('--plain', 'numbered choices and static lines instead of the screen');
  runs(start, shell, async () => import('../commands/start.ts'));

  const demo = declare(program, {
    usage: 'demo [lab]',
    summary: 'show the whole loop hands off: break it, judge it, fix it, judge it again',
    more: 'Exits 0 only if the start failed its check and the reference passed it. Nothing of it counts as progress.',
    examples: ['teralab demo', 'teralab demo p2-05-break-the-circuit --seed 7'],
  }).option('--seed <n>', 'repeat an earlier run', parseSeed);
  runs(demo, shell, async () => import('../commands/demo.ts'));

  const labs = declare(program, {
    usage: 'labs',
    summary: 'list the labs',
    examples: [
      'teralab labs',
      'teralab labs --phase 2',
      'teralab labs --concept "health checks" --json',
      'teralab labs verify',
    ],
  })
    .option('--phase <n>', 'only this phase: 1, 2 or 3', raw => parseWhole(raw, '--phase', 0, 3))
    .option('--week <n>', 'only labs of this week, 1 to 12', raw => parseWhole(raw, '--week', 1, 12))
    .option('--concept <words>', 'only labs whose concepts or objective contain these words');
  runs(labs, shell, async () => import('../commands/labs.ts'));
  const verify = declare(labs, {
    usage: 'verify [ids...]',
    summary: 'prove that start files fail, wrong fixes fail and references pass',
    more: 'Runs in a workspace and a system of its own. Exits 0 only when every expectation holds.',
    examples: [
      'teralab labs verify',
      'teralab labs verify p2-04-no-lost-events --seeds 3',
      'teralab labs verify --seed 7 --json',
      'teralab labs verify p2-04-no-lost-events --variant wrong/cursor --seeds 10',
      'teralab labs verify --within 20m --jobs 2',
    ],
  })
    .option('--within <time>', 'begin no run later than that; what matters most comes first (for CI)', raw =>
      parseDuration(raw, '--within'),
    )
    .option('--jobs <n>', 'systems side by side (default 1); what does not hold is tried again, alone', raw =>
      parseWhole(raw, '--jobs', 1, 8),
    )
    .option('--variant <name>', 'only this one: start, wrong/NAME or solution')
    .option('--seeds <n>', 'runs of each variant, each with a seed of its own (default 1)', raw =>
      parseWhole(raw, '--seeds', 1, 1000),
    )
    .option('--seed <n>', 'the first seed', parseSeed)
    .option('--runtime <name>', 'where nodes run: process (default) or docker', raw =>
      parseChoice(raw, '--runtime', RUNTIMES),
    )
    .option('--broker <name>', BROKER_HELP, raw => parseChoice(raw, '--broker', BROKER_ENGINES));
  runs(verify, shell, async () => import('../commands/labs-verify.ts'));

  const fresh = declare(program, {
    usage: 'new <what> [id]',
    summary: 'make a lab of your own: `new lab <id>`',
    more: 'A whole small lab that holds as it is, to be changed into yours. It goes into ./labs, or the folder of --dir; `--labs` then finds it.',
    examples: ['teralab new lab p2-90-my-idea', 'teralab new lab p2-90-my-idea --dir ~/our-labs'],
  }).option('--dir <folder>', 'folder of labs that it goes into (default: ./labs)');
  runs(fresh, shell, async () => import('../commands/new.ts'));

  const lab = declare(program, {
    usage: 'lab <id>',
    summary: 'show one lab: its brief, its tasks, the file to edit',
    examples: ['teralab lab p0-00-first-break', 'teralab lab p2-04'],
  });
  runs(lab, shell, async () => import('../commands/lab.ts'));

  const breaks = declare(program, {
    usage: 'break [lab]',
    summary: "run the lab's fault against your code and show what happens",
    more: 'Some labs ask first what will happen. The answer is sealed, and the run scores it; a wrong one blocks nothing. It is an option (2), several (1,3) or an interval (120..180).',
    examples: ['teralab break', 'teralab break p0-00-first-break --seed 7', 'teralab break p1-05 --predict 120..180'],
  })
    .option('--seed <n>', 'repeat an earlier run', parseSeed)
    .option('--predict <answer>', 'what you say will happen, where the lab asks');
  runs(breaks, shell, async () => import('../commands/break.ts'));

  const check = declare(program, {
    usage: 'check [lab]',
    summary: 'judge your solution on the running system',
    more: 'Brings the system up and creates your files where they are not there yet. Exit code 0: passed, 1: failed, 3: inconclusive.',
    examples: [
      'teralab check',
      'teralab check p2-04 --seed 7',
      'teralab check --task nothing-missing',
      'teralab check --watch',
      'teralab check --all --json',
    ],
  })
    .option('--seed <n>', 'repeat an earlier run', parseSeed)
    .option('--task <id>', 'judge one task only (cannot pass the lab)')
    .option('--quick', 'a short look (cannot pass the lab)')
    .option('--watch', 'check again whenever you save')
    .option('--predict <answer>', 'your answer to the question that a pass asks')
    .option('--all', 'judge again everything that you passed before, and say what regressed');
  runs(check, shell, async () => import('../commands/check.ts'));

  const attack = declare(program, {
    usage: 'attack <lab>',
    summary: 'the other side of a lab: break a wrong fix with at most two faults that the reference survives',
    more: 'Without --fault it shows what there is to break. Exit code 0: broken, and the reference holds; 1: not so; 3: inconclusive. It prints a code that carries lab, seed and timetable.',
    examples: [
      'teralab attack p2-05',
      'teralab attack p2-05 --fix stays-open --fault "pause stream at=2s for=5s" --fault "latency gateway->identity latency=50ms"',
    ],
  })
    .option('--fault <words>', 'kind, target, at=, for=, and attributes of the kind', parseFault)
    .option('--fix <name>', 'the wrong fix to break (default: the first that you have not broken yet)')
    .option('--seed <n>', 'repeat an earlier run', parseSeed);
  runs(attack, shell, async () => import('../commands/attack.ts'));

  const beat = declare(program, {
    usage: 'beat <code>',
    summary: "your own code under somebody else's schedule: lab, seed and timetable in one code",
    more: 'With a lab instead of a code it makes one, of the faults that are given or the lab’s own. Nothing of it counts as progress.',
    examples: ['teralab beat p2-05 --fault "pause stream for=8s"', 'teralab beat p0-00 --seed 7 --json'],
  })
    .option('--fault <words>', 'kind, target, at=, for=, and attributes of the kind; two at most', parseFault)
    .option('--seed <n>', 'of the code that is made', parseSeed);
  runs(beat, shell, async () => import('../commands/beat.ts'));

  const edit = declare(program, {
    usage: 'edit [lab]',
    summary: "open the lab's file in $VISUAL or $EDITOR, or print its path",
    examples: ['teralab edit', 'EDITOR=vim teralab edit p2-04'],
  });
  runs(edit, shell, async () => import('../commands/edit.ts'));

  const hint = declare(program, {
    usage: 'hint [lab]',
    summary: 'the next hint for what the last check found',
    examples: ['teralab hint'],
  });
  runs(hint, shell, async () => import('../commands/hint.ts'));

  const solution = declare(program, {
    usage: 'solution [lab]',
    summary: 'the reference solution, the debrief and the popular wrong fixes, after a pass',
    examples: ['teralab solution', 'teralab solution p2-04 --reveal'],
  }).option('--reveal', 'show it before a pass (it is recorded)');
  runs(solution, shell, async () => import('../commands/solution.ts'));

  const reset = declare(program, {
    usage: 'reset [lab]',
    summary: 'fresh start files; yours are kept aside',
    examples: ['teralab reset p2-04'],
  });
  runs(reset, shell, async () => import('../commands/reset.ts'));

  const skip = declare(program, {
    usage: 'skip [lab]',
    summary: 'leave a lab for later; skipped is never done',
    examples: ['teralab skip p1-03'],
  });
  runs(skip, shell, async () => import('../commands/skip.ts'));

  const path = declare(program, {
    usage: 'path',
    summary: 'the twelve weeks, and where you are',
    examples: ['teralab path', 'teralab path --json'],
  });
  runs(path, shell, async () => import('../commands/path.ts'));

  const progress = declare(program, {
    usage: 'progress [action] [file]',
    summary: 'what you have passed; `export FILE` and `import FILE` move it to another machine',
    examples: ['teralab progress', 'teralab progress export progress.json', 'teralab progress import progress.json'],
  });
  runs(progress, shell, async () => import('../commands/progress.ts'));
}
