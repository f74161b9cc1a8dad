import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import chalk from 'chalk';
import {type Finding, ok, warn} from './finding.ts';

export function terminal(): Finding {
  const {stdout} = process;
  if (stdout.isTTY !== true)
    return ok('terminal', 'stdout is no terminal; the screen needs one, all commands work without');
  const size = `${stdout.columns} x ${stdout.rows}`;
  if (stdout.columns < 80 || stdout.rows < 24)
    return warn('terminal', size, 'The screen wants 80 x 24 or more; 120 columns show everything at once.');
  return ok('terminal', size);
}

export function colours(): Finding {
  const levels = ['none', '16', '256', '16 million'] as const;
  return ok('colours', levels[chalk.level] ?? 'none');
}

export function editor(env = process.env): Finding {
  const found = env.VISUAL || env.EDITOR;
  if (found) return ok('editor', found);
  return warn(
    'editor',
    'neither VISUAL nor EDITOR is set',
    '`teralab edit` prints the path instead; set EDITOR to have it open the file.',
  );
}

export function tmux(): Finding {
  return inPath('tmux') === undefined
    ? ok('tmux', 'not installed (a second terminal does as well)')
    : ok('tmux', 'installed: editor and screen side by side');
}

export function inPath(name: string, env = process.env): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(file => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
