import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {natsServer} from '../doctor/broker.ts';
import {colours, editor, terminal, tmux} from '../doctor/comfort.ts';
import {engine} from '../doctor/engine.ts';
import {type Finding, fail} from '../doctor/finding.ts';
import {disk, memory, nodeVersion, platform, postgresPackage, processors} from '../doctor/machine.ts';
import {gatewayPort, loopback, socketPath} from '../doctor/network.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {counted} from '../output/text.ts';

const LOOK = {
  ok: {mark: '✔ ok', colour: 'good'},
  warn: {mark: '! warn', colour: 'warn'},
  fail: {mark: '✖ fail', colour: 'bad'},
} as const;

type Look = () => Finding | Promise<Finding | readonly Finding[]>;

export async function run(context: Context): Promise<Outcome> {
  const {workspace} = context;
  const looks: readonly (readonly [string, Look])[] = [
    ['Node', nodeVersion],
    ['platform', platform],
    ['processors', processors],
    ['memory', memory],
    ['disk', disk],
    ['Postgres', postgresPackage],
    ['NATS', natsServer],
    ['loopback', loopback],
    ['ports', gatewayPort],
    ['socket', async () => socketPath(workspace)],
    ['terminal', terminal],
    ['colours', colours],
    ['editor', editor],
    ['tmux', tmux],
    ['Docker', engine],
  ];
  const findings = (await Promise.all(looks.map(async ([name, look]) => carefully(name, look)))).flat();
  const failed = findings.filter(({state}) => state === 'fail').length;
  if (context.json) context.document({ok: failed === 0, findings});
  else context.lines(render(findings, context.width));
  return failed === 0 ? 'ok' : 'environment';
}

/** One look that cannot be taken does not keep the others from being shown. */
async function carefully(name: string, look: Look): Promise<Finding | readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return fail(
      name,
      `could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
      'Check who owns the named file or folder.',
    );
  }
}

function render(findings: readonly Finding[], width: number): string[] {
  const rows = findings.map(({name, state, found, fix}) => [
    paint[LOOK[state].colour](LOOK[state].mark),
    name,
    fix === null ? found : `${found}. ${fix}`,
  ]);
  const failed = findings.filter(({state}) => state === 'fail').length;
  const summary =
    failed === 0
      ? `${paint.good('✔')} This machine can run teralab.`
      : `${paint.bad('✖')} ${counted(failed, 'thing')} must be put right first.`;
  return [...table(rows, {width}), '', summary];
}
