// Starts what the container is to be: gateway, identity, stream or agent; or asks it whether it lives, for the health check.
import {existsSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';

const [what = ''] = process.argv.slice(2);
const bundle = name => new URL(`./services/${name}.cjs`, import.meta.url);

if (what === 'health') {
  const port = process.env.AGENT_PORT ?? process.env.PORT ?? '8080';
  const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined);
  process.exit(answer?.ok ? 0 : 1);
} else if (what === 'agent') {
  await import('./agent/agent.mjs');
} else if (/^[a-z]+$/.test(what) && existsSync(bundle(what))) {
  createRequire(import.meta.url)(bundle(what).pathname);
} else {
  const services = readdirSync(new URL('./services/', import.meta.url)).filter(name => /^[a-z]+\.cjs$/.test(name));
  const names = [...services.map(name => name.replace('.cjs', '')), 'agent'];
  process.stderr.write(`There is no "${what}" in this image; there are ${names.join(', ')}.\n`);
  process.exit(64);
}
