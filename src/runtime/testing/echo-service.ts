// A service as small as can be, for the contract suite of runtimes: it speaks HTTP and the control channel, and has one crash point.
import {readFileSync, writeSync} from 'node:fs';
import {createServer} from 'node:http';
import {Socket} from 'node:net';
import {createInterface} from 'node:readline';

const armed = new Map<string, number>();
let offsetMs = 0;
let secret = '';
const inForce = new Set<string>();
let leaked: Buffer | undefined;
const stdio = process.env.CONTROL_FD === 'stdio';
// While its image is built nobody supervises it.
const supervised = process.env.CONTROL_FD !== undefined;
const [commandFd, reportFd, mark] = stdio
  ? [0, 2, '\u001e']
  : [Number(process.env.CONTROL_FD), Number(process.env.CONTROL_FD), ''];

const server = createServer((request, response) => {
  switch (request.url) {
    case '/pass':
      passCrashPoint('before_commit');
      break;
    case '/livez':
      if (process.env.UNHEALTHY === 'yes') response.statusCode = 500;
      response.end(JSON.stringify({time: new Date(Date.now() + offsetMs).toISOString()}));
      return;
    case '/spin':
      // What a learner's endless loop does: no event is seen any more, neither SIGTERM nor the end of the control channel.
      for (;;);
  }
  const seams: Record<string, string> = JSON.parse(process.env.SEAMS ?? '{}');
  const texts = Object.entries(seams).map(([name, file]) => [name, readFileSync(file, 'utf8')]);
  response.end(JSON.stringify({...process.env, pid: process.pid, seamTexts: Object.fromEntries(texts)}));
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log(`${process.env.NODE_NAME} listens`));
process.on('SIGTERM', () => {
  console.log('asked to stop');
  if (process.env.DEAF !== 'yes') process.exit(0);
});
const commands = supervised ? new Socket({fd: commandFd}) : process.stdin;
createInterface({input: commands})
  .on('line', line => {
    const command: {
      type: string;
      point: string;
      skip: number;
      offsetMs: number;
      secret: string;
      kind: string;
      order: {kind: string; limitBytes: number};
      forMs: number | null;
    } = JSON.parse(line);
    if (command.type === 'secret') secret = command.secret;
    if (command.type === 'disarm') {
      armed.clear();
      report({type: 'disarmed'});
    }
    if (['disturb', 'calm', 'count'].includes(command.type)) carryOut(command);
    if (command.type === 'skew') {
      offsetMs = command.offsetMs;
      report({type: 'skewed'});
    }
    if (command.type !== 'arm' || command.point !== 'before_commit') return;
    armed.set(command.point, command.skip);
    report({type: 'armed', point: command.point});
  })
  .on('close', () => supervised && process.exit(0));
if (process.env.SEAM_ERROR !== undefined)
  report({type: 'seam-error', seam: 'compose', file: '/w/compose.ts', line: 3, message: process.env.SEAM_ERROR});
if (supervised) writeSync(reportFd, `${mark}not JSON\n${mark}{"type":"unknown"}\n`);

/** Blocks the loop for as long as it is told to, or takes all memory at once; keeps no other order than in mind. */
function carryOut({
  type,
  kind,
  order,
  forMs,
}: {
  type: string;
  kind: string;
  order?: {kind: string; limitBytes: number};
  forMs: number | null;
}): void {
  const of = order?.kind ?? kind;
  if (type === 'disturb') inForce.add(of);
  if (type === 'calm') inForce.delete(of);
  if (of === 'leak' && type !== 'count')
    leaked = type === 'disturb' ? Buffer.alloc(order?.limitBytes ?? 0, 1) : undefined;
  report({type: 'counted', kind: of, inForce: inForce.has(of), seen: 3, affected: leaked?.length ?? 2});
  if (of !== 'busy' || type !== 'disturb') return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs ?? 0);
  inForce.delete(of);
}

function passCrashPoint(point: string): void {
  const skip = armed.get(point);
  if (skip === undefined) return;
  if (skip > 0) {
    armed.set(point, skip - 1);
    return;
  }
  report({type: 'crash-point', point, at: Date.now(), secret});
  process.kill(process.pid, 'SIGKILL');
}

function report(message: object): void {
  writeSync(reportFd, `${mark}${JSON.stringify(message)}\n`);
}
