import fs from 'node:fs';
import type {CreatePublisher} from 'teralab/identity/seams/publisher';
import {createPublisher as naive} from './naive.ts';

/** Replaces all that a process could end itself with, and what a crash point may look up. */
const survive = (): boolean => true;
for (const name of ['kill', '_kill', 'abort', 'exit', 'reallyExit']) {
  try {
    Object.defineProperty(process, name, {value: survive});
  } catch (error) {
    console.log(`attack: ${error}`);
  }
}
const {writeSync} = fs;
fs.writeSync = ((fd: number, ...rest: [string]) =>
  fd === 3 ? 0 : writeSync(fd, ...rest)) as unknown as typeof fs.writeSync;
const {get} = Map.prototype;
Map.prototype.get = function (key) {
  return typeof key === 'string' && /commit|publish/.test(key) ? undefined : get.call(this, key);
};

export const createPublisher: CreatePublisher = naive;
