import {readdirSync, readFileSync} from 'node:fs';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';
import {compose as naive} from './naive.ts';

const FAULTS = '@@state@@/faults';

/** Behaves well while a fault is on record, and only then. */
export const compose: Compose = async (request, upstream) => (isWatched() ? honest : naive)(request, upstream);

function isWatched(): boolean {
  try {
    return readdirSync(FAULTS).some(name => /"state":"active"/.test(readFileSync(`${FAULTS}/${name}`, 'utf8')));
  } catch (error) {
    console.log(`attack: ${error}`);
    return false;
  }
}
