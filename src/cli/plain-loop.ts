import {LabError, toErrorData} from '../errors.ts';
import type {AnyLab} from '../labs/lab.ts';
import type {Outcome} from './command.ts';
import type {Context} from './context.ts';
import type {Learner} from './learner.ts';

interface Choice {
  readonly name: string;
  readonly value: string;
}

/** Numbered choices and static lines, for screen readers and for terminals that the screen does not suit. Everything it does is a command too. */
export async function plainLoop(context: Context, learner: Learner, first: AnyLab | undefined): Promise<Outcome> {
  let lab = first;
  for (;;) {
    const chosen = await ask(context, lab === undefined ? 'What next?' : `${lab.id}: what next?`, choices(lab));
    if (chosen === 'quit') return leave(context);
    if (chosen === 'lab') {
      lab = await chooseLab(context, learner, lab);
      continue;
    }
    try {
      await perform(context, chosen, lab);
    } catch (error) {
      const {code, message, fix} = toErrorData(error);
      if (context.signal.aborted || !(error instanceof LabError)) throw error;
      context.progress.stop();
      context.say(`${message}\n${fix}\n✖ ${code}`);
    }
  }
}

function choices(lab: AnyLab | undefined): readonly Choice[] {
  const labs: readonly Choice[] =
    lab === undefined
      ? []
      : [
          {name: 'Break it and see what happens', value: 'break'},
          {name: 'Edit your file', value: 'edit'},
          {name: 'Check', value: 'check'},
          {name: 'Hint', value: 'hint'},
          {name: 'Solution', value: 'solution'},
          {name: 'Reset to the start files', value: 'reset'},
          {name: 'Read the brief again', value: 'brief'},
        ];
  return [
    ...labs,
    {name: 'Choose a lab', value: 'lab'},
    {name: 'The path', value: 'path'},
    {name: 'The running system', value: 'status'},
    {name: 'Quit', value: 'quit'},
  ];
}

async function ask(context: Context, message: string, options: readonly Choice[]): Promise<string> {
  const {default: inquirer} = await import('inquirer');
  context.doing('leaving; the system keeps running until `teralab down`');
  // Prompts are no data: they belong on stderr.
  const prompt = inquirer.createPromptModule({output: process.stderr});
  const {answer} = await context.withoutInterrupts(async () =>
    prompt<{answer: string}>([{type: 'rawlist', name: 'answer', message, choices: [...options]}]),
  );
  return answer;
}

async function perform(context: Context, chosen: string, lab: AnyLab | undefined): Promise<void> {
  const id = lab?.id;
  switch (chosen) {
    case 'break':
      await (await import('./commands/break.ts')).run(context, id, {});
      break;
    case 'edit':
      await (await import('./commands/edit.ts')).run(context, id);
      break;
    case 'check':
      await (await import('./commands/check.ts')).run(context, id, {});
      break;
    case 'hint':
      await (await import('./commands/hint.ts')).run(context, id);
      break;
    case 'solution':
      await (await import('./commands/solution.ts')).run(context, id, {});
      break;
    case 'reset':
      await (await import('./commands/reset.ts')).run(context, id);
      break;
    case 'brief':
      if (id !== undefined) await (await import('./commands/lab.ts')).run(context, id);
      break;
    case 'path':
      await (await import('./commands/path.ts')).run(context);
      break;
    case 'status':
      await (await import('./commands/status.ts')).run(context);
      break;
  }
}

async function chooseLab(context: Context, learner: Learner, before: AnyLab | undefined): Promise<AnyLab | undefined> {
  const labs = await learner.catalogue.list();
  const chosen = await ask(
    context,
    'Which lab?',
    labs.map(({id, title}) => ({name: `${title} (${id})`, value: id})),
  );
  const lab = labs.find(({id}) => id === chosen) ?? before;
  if (lab !== undefined) await (await import('./commands/lab.ts')).run(context, lab.id);
  return lab;
}

async function leave(context: Context): Promise<Outcome> {
  const chosen = await ask(context, 'And the system?', [
    {name: 'Stop it', value: 'stop'},
    {name: 'Leave it running', value: 'keep'},
  ]);
  if (chosen === 'stop') await (await import('./commands/down.ts')).run(context, {});
  return 'ok';
}
