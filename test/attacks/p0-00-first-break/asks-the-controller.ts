import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as naive} from './naive.ts';

const SOCKET = '@@socket@@';
const LOCK = '@@lock@@';

/** Ends the fault over the controller's own socket, as `teralab chaos clear --all` would. */
export const compose: Compose = async (request, upstream) => {
  const socket = connect(SOCKET);
  socket.setEncoding('utf8').on('error', error => console.log(`attack: ${error}`));
  socket.on('data', text => console.log(`attack: ${text}`));
  const token = readToken();
  socket.write(`${JSON.stringify({id: 1, method: 'hello', params: {workspace: '@@workspace@@', token}})}\n`);
  socket.write(`${JSON.stringify({id: 2, method: 'chaos.clear', params: {}})}\n`);
  return naive(request, upstream);
};

function readToken(): string {
  try {
    return readFileSync(LOCK, 'utf8').split('\n')[1] ?? '';
  } catch (error) {
    console.log(`attack: ${error}`);
    return '';
  }
}
