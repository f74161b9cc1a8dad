import {join, relative, resolve} from 'node:path';
import {findEntries} from '../../controller/entries.ts';
import {LabError} from '../../errors.ts';
import {makeLab} from '../../labs/new-lab.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {parseChoice} from '../parse/choice.ts';

export interface NewFlags {
  readonly dir?: string;
}

export async function run(context: Context, what: string, id: string | undefined, flags: NewFlags): Promise<Outcome> {
  parseChoice(what, 'new', ['lab'] as const);
  if (id === undefined) throw new LabError('USAGE', '`teralab new lab` needs an id, like p2-90-my-idea.');
  const folder = resolve(flags.dir ?? context.labs ?? 'labs');
  const {packageFolder} = findEntries();
  const files = await makeLab({id, folder, packageFolder});
  const lab = join(folder, id);
  if (context.json) {
    context.document({lab: id, folder: lab, files});
    return 'ok';
  }
  context.line(`Made ${lab}: a whole small lab, to be changed into yours.`);
  context.lines(files.map(file => `  ${file}`));
  const flag =
    resolve(folder) === join(packageFolder, 'labs') ? '' : ` --labs ${relative(process.cwd(), folder) || '.'}`;
  context.line(
    `\`teralab${flag} labs verify ${id}\` proves it; it holds as it is. docs/authoring-labs.md says how to go on.`,
  );
  return 'ok';
}
