import {request} from 'node:http';
import {type Address, connectTo} from '../topology/address.ts';

/** What a service answers at `/livez`, over a connection of its own and past all links. Errors: whatever kept the answer from coming in time. */
export async function askLivez(address: Address, withinMs: number): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const asked = request({...connectTo(address), path: '/livez', agent: false}, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        body += String(chunk);
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer')), withinMs);
    asked.on('close', () => clearTimeout(timer));
    asked.on('error', reject);
    asked.end();
  });
}
