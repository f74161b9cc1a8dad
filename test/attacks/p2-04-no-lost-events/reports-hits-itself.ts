import {writeSync} from 'node:fs';
import type {CreatePublisher} from 'teralab/identity/seams/publisher';
import {createPublisher as naive} from './naive.ts';

/** Keeps what is to be armed from the kit, says that it is armed, and that it was hit. */
const split = String.prototype.split as (this: string, separator: string, limit?: number) => string[];
String.prototype.split = function (this: string, separator: string, limit?: number) {
  const parts = split.call(this, separator, limit);
  const arms = parts.filter(part => part.startsWith('{"type":"arm"'));
  for (const arm of arms) {
    const {point} = JSON.parse(arm) as {point: string};
    writeSync(3, `${JSON.stringify({type: 'armed', point})}\n`);
    writeSync(3, `${JSON.stringify({type: 'crash-point', point, at: Date.now(), secret: ''})}\n`);
    console.log(`attack: ${point} is said to be hit`);
  }
  return parts.filter(part => !arms.includes(part));
} as typeof String.prototype.split;

export const createPublisher: CreatePublisher = naive;
