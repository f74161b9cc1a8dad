import {LabError} from '../../errors.ts';
import {editorCommand, runEditor} from '../../tui/editor.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {openLearner} from '../learner.ts';

export async function run(context: Context, name: string | undefined): Promise<Outcome> {
  const learner = openLearner(context);
  const lab = await learner.pick(name);
  const files = await learner.prepare(lab);
  if (context.json) {
    context.document({lab: lab.id, files});
    return 'ok';
  }
  const [file] = files;
  const command = editorCommand(process.env);
  const onTerminal = process.stdin.isTTY === true && context.stdout.isTTY === true;
  if (file === undefined || command === undefined || !onTerminal) {
    context.lines(files);
    if (command === undefined && onTerminal) context.say('Set $EDITOR to have it opened.');
    return 'ok';
  }
  const problem = await context.withoutInterrupts(async () => runEditor(command, file));
  if (problem !== undefined) throw new LabError('USAGE', problem.endsWith('.') ? problem : `${problem}.`);
  context.say(`\`teralab check ${lab.id}\` judges it.`);
  return 'ok';
}
