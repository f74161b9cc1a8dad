import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as naive} from './naive.ts';

/** Has a program of its own do what it may not do itself. */
export const compose: Compose = async (request, upstream) => {
  try {
    const native = process as unknown as {getBuiltinModule(name: string): typeof import('node:child_process')};
    native.getBuiltinModule('child_process').execSync('kill -CONT $PPID');
  } catch (error) {
    console.log(`attack: ${error}`);
  }
  return naive(request, upstream);
};
