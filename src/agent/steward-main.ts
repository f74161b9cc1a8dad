import {type AddressInfo, connect} from 'node:net';
import {createServer} from 'node:tls';

/**
 * On each machine of a swarm one of these, in a container of its own: it leads the controller to that machine's engine. Whoever connects
 * has to know the session's key, which encrypts the connection, too (TLS with a pre-shared key): nodes do not have it, and what crosses
 * the network between machines is not readable there. Called with `tunnel`, it is the far end of a tunnel into the session's network.
 *
 * | variable | meaning |
 * | --- | --- |
 * | `STEWARD_KEY` | 32 bytes in hexadecimal digits |
 * | `STEWARD_PORT` | where to listen |
 * | `STEWARD_SOCKET` | where this container has the engine's socket |
 */
const {STEWARD_KEY = '', STEWARD_PORT = '7071', STEWARD_SOCKET = '/engine.sock'} = process.env;

if (process.argv.includes('tunnel')) await import('./tunnel-main.ts');
else serve();

function serve(): void {
  const key = Buffer.from(STEWARD_KEY, 'hex');
  if (key.length !== 32) {
    process.stderr.write('steward: STEWARD_KEY has to be set, with 64 hexadecimal digits.\n');
    process.exit(78);
  }
  const server = createServer({
    ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    pskCallback: (_, identity) => (identity === 'teralab' ? key : null),
  });
  server.on('secureConnection', caller => {
    const engine = connect({path: STEWARD_SOCKET, allowHalfOpen: true});
    caller.allowHalfOpen = true;
    caller.setNoDelay(true);
    caller.setKeepAlive(true, 10_000);
    caller.pipe(engine);
    engine.pipe(caller);
    caller.on('error', () => engine.destroy());
    engine.on('error', () => caller.destroy());
    caller.on('close', () => engine.destroy());
    engine.on('close', () => caller.destroySoon());
  });
  // Who does not know the key learns nothing.
  server.on('tlsClientError', (_, caller) => caller.destroy());
  server.listen(Number(STEWARD_PORT), '0.0.0.0', () => {
    process.stdout.write(`steward: listening on ${(server.address() as AddressInfo).port}\n`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}
