// What a container of the image runs: the service, or the agent, that its argument names. Also, inside of it: `health` asks whether that is
// alive, `tunnel` leads into its network, and `compile`, while the image is built, keeps what V8 makes of the services.
import {spawn} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {get} from 'node:http';
import {createRequire} from 'node:module';
import {setTimeout as pause} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

/** What the build has bundled: `gateway.cjs` starts `gateway.bundle.cjs`. */
const BUNDLES = new URL('../dist/services/', import.meta.url);
const SERVICES = readdirSync(BUNDLES)
  .filter(name => existsSync(new URL(name.replace(/\.cjs$/, '.bundle.cjs'), BUNDLES)))
  .map(name => name.replace(/\.cjs$/, ''));
/** It stands beside another service and does not start alone. */
const SIDECAR = 'sidecar';
/** In a build that has it. */
const AGENT = new URL('../dist/container/agent.mjs', import.meta.url);
/** sysexits' EX_USAGE. */
const EXIT_USAGE = 64;
const ALIVE_WITHIN_MS = 60_000;
const ANSWERS_WITHIN_MS = 2_000;

const {PORT = '8080', AGENT_PORT = PORT} = process.env;
const [what] = process.argv.splice(2, 1);

if (SERVICES.includes(what)) createRequire(BUNDLES)(`./${what}.cjs`);
else if (what === 'agent' && existsSync(AGENT)) await import(AGENT.href);
else if (what === 'tunnel' && existsSync(AGENT)) await import(new URL('tunnel.mjs', AGENT).href);
else if (what === 'health') process.exitCode = (await isAlive()) ? 0 : 1;
else if (what === 'compile') for (const service of SERVICES.filter(name => name !== SIDECAR)) await compile(service);
else {
  const choices = existsSync(AGENT) ? [...SERVICES, 'agent'] : SERVICES;
  process.stderr.write(`start: this image runs ${choices.join(', ')}, not "${what ?? ''}".\n`);
  process.exitCode = EXIT_USAGE;
}

function isAlive() {
  return new Promise(resolve => {
    const address = {host: '127.0.0.1', port: AGENT_PORT, path: '/livez', timeout: ANSWERS_WITHIN_MS};
    const request = get(address, response => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('close', () => resolve(false));
    request.once('error', () => resolve(false));
  });
}

/** Starts and stops a service without anything that it needs: one that ends in order keeps its compiled code in `CODE_CACHE`. */
async function compile(service) {
  const nobody = 'postgres://nobody@127.0.0.1:1/none';
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), service], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      DATABASE_URL: nobody,
      BROKER_URL: nobody,
      SESSION_SECRET: 'of nothing: it goes with this process',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const end = Date.now() + ALIVE_WITHIN_MS;
  while (child.exitCode === null && child.signalCode === null && !(await isAlive()) && Date.now() < end)
    await pause(50);
  child.kill('SIGTERM');
  const outcome = await ended;
  if (outcome !== 0) throw new Error(`${service} did not start and end in order: ${outcome}`);
}
