import {describe, expect, it} from 'vitest';
import {ERRORS, type LabError} from '../errors.ts';
import type {Shell} from './command.ts';
import {completionScript, SHELLS} from './completion/scripts.ts';
import {completionTree} from './completion/tree.ts';
import {asLabError} from './errors/as-lab-error.ts';
import {renderError} from './errors/render.ts';
import {isErrorCode, renderErrorCode, renderErrors} from './help/errors.ts';
import {visibleLength} from './output/text.ts';
import {createProgram} from './program.ts';

const shell: Shell = {
  run: async () => undefined,
  report: async () => undefined,
  leave: async () => {
    throw new Error('not reached');
  },
};

async function errorOf(...argv: string[]): Promise<LabError> {
  const thrown = await createProgram(shell, '1.2.3')
    .parseAsync(argv, {from: 'user'})
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  const error = asLabError(thrown);
  if (error === undefined) throw new Error(`no error: ${String(thrown)}`);
  return error;
}

describe('the command line', () => {
  it.each([
    [['chek'], 'UNKNOWN_COMMAND', 'check'],
    [['laod', '--rate', '5'], 'UNKNOWN_COMMAND', 'load'],
    [['--jsn'], 'USAGE', '--json'],
    [['check', '--sed', '7'], 'USAGE', '--seed'],
    [['check', '--seed', 'seven'], 'BAD_VALUE', '--seed'],
    [['up', '--runtime', 'dokcer'], 'BAD_VALUE', 'docker'],
    [['up', '--port', '0'], 'BAD_VALUE', '--port'],
    [['up', '--toxiproxy-api', '0'], 'BAD_VALUE', '--toxiproxy-api'],
    [['load', '--rate', 'fast'], 'BAD_VALUE', '--rate'],
    [['lab'], 'USAGE', 'id'],
    [['status', 'extra'], 'USAGE', 'too many arguments'],
    [['sim', 'run'], 'UNKNOWN_COMMAND', 'sim'],
  ])('refuses %j with %s, and names %s', async (argv, code, named) => {
    const error = await errorOf(...argv);
    expect(error.code).toBe(code);
    expect(error.exit).toBe(2);
    expect(error.message.toLowerCase()).toContain(named);
  });

  it('has a summary, a description and an example for every command', () => {
    const {commands} = createProgram(shell, '1.2.3');
    for (const command of [...commands, ...commands.flatMap(each => each.commands)]) {
      expect(command.summary(), command.name()).not.toBe('');
      const written: string[] = [];
      command.configureOutput({writeOut: text => void written.push(text)}).outputHelp();
      const help = written.join('');
      expect(help, command.name()).toMatch(/Examples?:\n {2}\$ |Examples?:\n {2}\S.*teralab/);
    }
  });
});

describe('completion', () => {
  const tree = completionTree(createProgram(shell, '1.2.3'), ['p0-00-first-break']);

  it('knows commands, their options, and the labs', () => {
    expect(tree.find(({words}) => words === '')?.values).toContain('check');
    expect(tree.find(({words}) => words === 'check')).toMatchObject({
      values: ['p0-00-first-break'],
      options: expect.arrayContaining(['--seed']),
    });
    expect(tree.find(({words}) => words === 'labs verify')?.options).toContain('--seeds');
  });

  it.each(SHELLS)('has a script for %s', name => {
    expect(completionScript(name, tree)).toContain('p0-00-first-break');
  });
});

describe('errors', () => {
  it('end with their code, in the form that help takes, and show no stack', () => {
    const lines = renderError(
      {code: 'PORT_TAKEN', message: 'Port 4000 is taken.', fix: 'Free it.'},
      {stack: undefined, red: String},
    );
    expect(lines).toEqual(['Port 4000 is taken.', 'Free it.', '✖ PORT_TAKEN (`teralab help PORT_TAKEN` explains it)']);
  });

  it('are explained by help, every one of them, within 80 columns', () => {
    for (const code of Object.keys(ERRORS)) {
      if (!isErrorCode(code)) throw new Error(`help does not know ${code}`);
      const lines = renderErrorCode(code, 80);
      expect(lines[0]).toBe(code);
      expect(lines.filter(line => visibleLength(line) > 80)).toEqual([]);
    }
    expect(renderErrors(80).length).toBeGreaterThan(Object.keys(ERRORS).length);
  });

  it('of the file system become errors that can be acted upon', () => {
    expect(asLabError(Object.assign(new Error('ENOSPC: no space'), {code: 'ENOSPC'}))?.code).toBe('NO_SPACE');
    expect(asLabError(Object.assign(new Error('User force closed the prompt'), {name: 'ExitPromptError'}))?.code).toBe(
      'INTERRUPTED',
    );
    expect(asLabError(new TypeError('our bug'))).toBeUndefined();
  });
});
