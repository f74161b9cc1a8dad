import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {counted} from '../output/text.ts';
import {mistakeLine, readExperiment, shownPath} from './read-experiment.ts';

/** `teralab chaos validate FILE`. */
export async function validate(context: Context, fileOrName: string): Promise<Outcome> {
  const {file, experiment, mistakes} = await readExperiment(fileOrName);
  const notes = experiment?.notes ?? [];
  if (context.json) context.document({file, valid: experiment !== undefined, mistakes, notes});
  else if (experiment === undefined) {
    context.lines(mistakes.map(mistake => mistakeLine(file, mistake)));
    context.say(`${counted(mistakes.length, 'mistake')} in ${shownPath(file)}.`);
  } else {
    context.line(`${shownPath(file)} is right: ${experiment.title}`);
    for (const note of notes) context.line(`  ${note}`);
  }
  return experiment === undefined ? 'usage' : 'ok';
}
