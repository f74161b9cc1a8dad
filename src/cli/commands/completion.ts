import type {Command} from 'commander';
import type {Outcome} from '../command.ts';
import {completionScript, SHELLS} from '../completion/scripts.ts';
import {completionTree} from '../completion/tree.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';
import {parseChoice} from '../parse/choice.ts';

export async function run(context: Context, program: Command, rawShell: string): Promise<Outcome> {
  const shell = parseChoice(rawShell, 'completion', SHELLS);
  context.line(completionScript(shell, completionTree(program, await openLearner(context).catalogue.ids())).trimEnd());
  return 'ok';
}
