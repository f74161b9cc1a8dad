import {readdirSync, readFileSync} from 'node:fs';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';
import {compose as naive} from './naive.ts';

/** Behaves well while some process is stopped, and only then. */
export const compose: Compose = async (request, upstream) => (somebodyIsStopped() ? honest : naive)(request, upstream);

function somebodyIsStopped(): boolean {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .some(pid => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch (error) {
    console.log(`attack: ${error}`);
    return false;
  }
}
