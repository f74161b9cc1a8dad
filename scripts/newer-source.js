import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';

/** What is bundled into dist; tests are not. */
const SOURCES = ['services', 'src', 'labs'];
/** The build writes it last. */
const STAMP = 'dist/THIRD-PARTY-NOTICES.txt';
/** Everything else in a lab's folder is read as it is. */
const LEFT_OUT = /\.test\.tsx?$|^labs\/[^/]+\/(?!lab\.ts$)/;

/** The source of a checkout that has changed after dist was built, the latest one; undefined when dist is newer than all. */
export function newerSource(root) {
  let latest = {changedAt: statSync(join(root, STAMP), {throwIfNoEntry: false})?.mtimeMs ?? 0};
  for (const file of SOURCES.flatMap(source => sourcesIn(root, source))) {
    const changedAt = statSync(join(root, file), {throwIfNoEntry: false})?.mtimeMs ?? 0;
    if (changedAt > latest.changedAt) latest = {file, changedAt};
  }
  return latest.file;
}

function sourcesIn(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), {withFileTypes: true}).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesIn(root, path);
    return /\.tsx?$/.test(path) && !LEFT_OUT.test(path) ? [path] : [];
  });
}
