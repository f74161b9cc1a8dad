import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {editedFiles} from '../edited-files.ts';
import type {AnyLab} from '../lab.ts';

/** What is wrong with the files of a lab that asks for the learner's own tests, one sentence each; nothing where it asks for none. */
export async function yourTestsProblems(lab: AnyLab, folder: string): Promise<readonly string[]> {
  const {yourTests} = lab;
  const [rightThere, testsThere] = await Promise.all(['right', 'tests'].map(name => namesIn(join(folder, name))));
  const {file, right = [], wrong = []} = yourTests ?? {};
  const wanted = [
    ...(file === undefined ? [] : ['bench.ts', `start/${file}`, `solution/${file}`]),
    ...right.flatMap(({name}) => editedFiles(lab).map(edited => `right/${name}/${edited}`)),
    ...wrong.map(({name}) => `tests/${name}/${file}`),
  ];
  const missing = await Promise.all(
    wanted.map(async path => ((await isFile(join(folder, path))) ? [] : [`${path} is missing`])),
  );
  return [
    ...missing.flat(),
    ...undeclared('right', rightThere ?? [], right),
    ...undeclared('tests', testsThere ?? [], wrong),
  ];
}

function undeclared(folder: string, there: readonly string[], declared: readonly {readonly name: string}[]): string[] {
  const names = new Set(declared.map(({name}) => name));
  return there.flatMap(name => (names.has(name) ? [] : [`${folder}/${name} is not declared in lab.ts`]));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  );
}
