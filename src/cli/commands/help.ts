import type {Command} from 'commander';
import {ERRORS, LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import {FAULT_WORDS} from '../chaos/words.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {isErrorCode, renderErrorCode, renderErrors} from '../help/errors.ts';
import {ENVIRONMENT_HELP, EXIT_CODES_HELP} from '../help/topics.ts';

export async function run(context: Context, program: Command, topic: readonly string[]): Promise<Outcome> {
  const [word, ...rest] = topic;
  if (word === undefined) {
    program.outputHelp();
    return 'ok';
  }
  const text = await topicText(context, word);
  if (text !== undefined) {
    context.lines(text);
    return 'ok';
  }
  if (word === 'chaos') {
    const {run: chaos} = await import('./chaos.ts');
    return chaos(context, [...rest, '--help']);
  }
  let command = find(program, word);
  for (const next of rest) command = command === undefined ? undefined : find(command, next);
  if (command === undefined) throw unknownTopic(program, topic.join(' '));
  command.outputHelp();
  return 'ok';
}

async function topicText(context: Context, word: string): Promise<readonly string[] | undefined> {
  const code = word.toUpperCase().replaceAll('-', '_');
  if (word === 'exit-codes') return EXIT_CODES_HELP;
  if (word === 'environment') return ENVIRONMENT_HELP;
  if (word === 'errors') return renderErrors(context.width);
  if (word === 'faults') return (await import('../chaos/kinds.ts')).faultsHelp(context.width);
  return isErrorCode(code) ? renderErrorCode(code, context.width) : undefined;
}

function find(parent: Command, name: string): Command | undefined {
  return parent.commands.find(command => command.name() === name);
}

function unknownTopic(program: Command, topic: string): LabError {
  const topics = [
    'exit-codes',
    'environment',
    'faults',
    'errors',
    ...program.commands.map(command => command.name()),
    ...Object.keys(ERRORS),
  ];
  const close = nearest(topic, topics) ?? nearest(topic.toUpperCase(), topics);
  const chaos = FAULT_WORDS.includes(topic) ? 'chaos' : undefined;
  const suggestion = chaos === undefined ? close : `chaos ${topic}`;
  return new LabError(
    'USAGE',
    `There is no help on "${topic}".${suggestion === undefined ? '' : ` Did you mean \`teralab help ${suggestion}\`?`}`,
  );
}
