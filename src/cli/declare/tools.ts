import type {Command} from 'commander';
import type {Shell} from '../command.ts';
import {declare, runs} from './declare.ts';

/** Commands around the lab. `help` and `completion` describe the program, so they get it. */
export function declareTools(program: Command, shell: Shell): void {
  program.commandsGroup('Tools:');

  const clean = declare(program, {
    usage: 'clean',
    summary: 'remove databases, caches, logs and dead sessions',
    more: "Stops this workspace's system first. Your progress and your workspace stay.",
    examples: ['teralab clean'],
  });
  runs(clean, shell, async () => import('../commands/clean.ts'));

  const doctor = declare(program, {
    usage: 'doctor',
    summary: 'look at this machine: what works, what does not, what to do',
    examples: ['teralab doctor', 'teralab doctor --json'],
  });
  runs(doctor, shell, async () => import('../commands/doctor.ts'));

  const completion = declare(program, {
    usage: 'completion <shell>',
    summary: 'print a completion script for bash, zsh, fish or powershell',
    examples: [
      'source <(teralab completion bash)',
      'teralab completion zsh > ~/.zfunc/_teralab',
      'teralab completion fish | source',
    ],
  });
  runs(completion, shell, async () => {
    const {run} = await import('../commands/completion.ts');
    return {run: async (context, wanted: string) => run(context, program, wanted)};
  });

  const help = declare(program, {
    usage: 'help [topic...]',
    summary: 'help on a command, an error code, or exit-codes, environment, faults, errors',
    examples: ['teralab help', 'teralab help check', 'teralab help exit-codes', 'teralab help PORT_TAKEN'],
  });
  runs(help, shell, async () => {
    const {run} = await import('../commands/help.ts');
    return {run: async (context, topic: readonly string[]) => run(context, program, topic)};
  });
}
