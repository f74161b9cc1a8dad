import {spawn} from 'node:child_process';

/** The learner's editor as a shell command, or undefined. */
export function editorCommand(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return [env.VISUAL, env.EDITOR].find(command => command !== undefined && command.trim() !== '');
}

/** Runs the editor on a file with the terminal all to itself; returns a sentence when that did not work. */
export async function runEditor(command: string, file: string): Promise<string | undefined> {
  // The way git does it: the command may have arguments (`code --wait`), the file may have any name.
  const child = spawn('/bin/sh', ['-c', `${command} "$@"`, command, file], {stdio: 'inherit'});
  return new Promise(resolve => {
    child.once('error', error => resolve(`${command} did not start (${error.message}); edit ${file}`));
    child.once('exit', code =>
      resolve(code === 0 || code === null ? undefined : `${command} ended with ${code}; your file is ${file}`),
    );
  });
}
