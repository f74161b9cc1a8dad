// Holds a runtime with running and paused nodes, says their pids, and waits to be killed: for the test that nothing survives it.

import {labPaths} from '../../paths.ts';
import {spec} from '../../topology/default.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {descendantsOf} from '../process/leftovers.ts';
import {findNatsServer} from '../process/nats-server.ts';
import {createProcessRuntime} from '../process/process-runtime.ts';

const [session = '', workspaceId = '', echoEntry = '', logFolder = ''] = process.argv.slice(2);
const runtime = createProcessRuntime({
  session,
  workspaceId,
  paths: labPaths(),
  serviceEntries: {echo: echoEntry},
  logFolder,
});
const node = (name: string, service: string, kind: PlannedNode['kind']): PlannedNode => ({
  name,
  service,
  kind,
  supervision: spec(kind).supervision,
});
const nodes = [
  node('echo-1', 'echo', 'service'),
  node('echo-2', 'echo', 'service'),
  node('echo-3', 'echo', 'service'),
  node('echo-db', 'echo-db', 'postgres'),
  node('broker', 'broker', 'broker'),
  ...(await natsNodes()),
];
await runtime.prepare(nodes, () => undefined);
const running = await Promise.all(nodes.map(each => runtime.start(each, {env: {}, links: {}, seams: {}})));
for (const each of running) {
  for (;;) {
    const tail = await each.logTail(50);
    if (tail.some(line => /listens|ready to accept|Server is ready/.test(line))) break;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
const pids = running.flatMap(each => (each.pid === undefined ? [] : [each.pid, ...descendantsOf(each.pid)]));
for (const each of running) {
  if (each.name === 'echo-2' || each.name === 'broker') await each.pause();
  if (each.name === 'echo-3') void fetch(`http://127.0.0.1:${each.address.port}/spin`).catch(() => undefined);
}
console.log(JSON.stringify({pids}));
setInterval(() => undefined, 1_000);

/** Where there is a server for it. */
async function natsNodes(): Promise<readonly PlannedNode[]> {
  return findNatsServer().then(
    () => [{...node('nats', 'nats', 'broker'), engine: 'nats'}],
    () => [],
  );
}
