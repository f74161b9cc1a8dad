// Starts what the container is to be: gateway, identity, stream or agent; or asks it whether it lives, for the health check.
import {createRequire} from 'node:module';

const [what = ''] = process.argv.slice(2);
const SERVICES = ['gateway', 'identity', 'stream'];

if (what === 'health') {
  const port = process.env.AGENT_PORT ?? process.env.PORT ?? '8080';
  const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined);
  process.exit(answer?.ok ? 0 : 1);
} else if (what === 'agent') {
  await import('./agent/agent.mjs');
} else if (SERVICES.includes(what)) {
  createRequire(import.meta.url)(`./services/${what}.cjs`);
} else {
  process.stderr.write(`There is no "${what}" in this image; there are ${[...SERVICES, 'agent'].join(', ')}.\n`);
  process.exit(64);
}
