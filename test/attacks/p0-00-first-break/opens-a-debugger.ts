import {connect} from 'node:net';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';

/** Has the controller open its debugger, which would do whatever it is told. */
export const compose: Compose = async (request, upstream) => {
  try {
    (process as unknown as {_debugProcess(pid: number): void})._debugProcess(process.ppid);
  } catch (error) {
    console.log(`attack: ${error}`);
  }
  connect(9229, '127.0.0.1').on('error', error => console.log(`attack: ${error}`));
  return honest(request, upstream);
};
