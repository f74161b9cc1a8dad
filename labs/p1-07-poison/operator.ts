import type {DeadLetter} from '../../services/kit/broker.ts';
import {ACTIVITY, GROUP, lagOf} from '../../src/labs/activity.ts';
import type {LabTools} from '../../src/labs/lab.ts';

const WORKED_OFF_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 100;

/** From now on the database refuses events of this kind: the column's list of values is behind what clients send. */
export async function refuseKind(tools: LabTools, kind: string): Promise<void> {
  await allowAll(tools);
  await tools.sql(
    'stream-db',
    `alter table activity add constraint ${nameOf(kind)} check (kind <> '${kind}') not valid`,
  );
}

/** The operator puts it right. */
export async function allowAll(tools: LabTools): Promise<void> {
  const left = await tools.sql<{name: string}>(
    'stream-db',
    "select conname as name from pg_constraint where conrelid = 'activity'::regclass and conname like 'refuses\\_%'",
  );
  for (const {name} of left) await tools.sql('stream-db', `alter table activity drop constraint ${name}`);
}

function nameOf(kind: string): string {
  return `refuses_${kind.replaceAll('-', '_')}`;
}

export async function letters(tools: LabTools): Promise<readonly DeadLetter[]> {
  const broker = await tools.broker();
  return (await broker.deadLetters(ACTIVITY)).filter(({group}) => group === GROUP);
}

/** Tries every dead letter again, each twice at a time, as an operator does who is not sure whether the button worked. */
export async function redriveAll(tools: LabTools, all: readonly DeadLetter[]): Promise<void> {
  const broker = await tools.broker();
  for (const {id} of all) await Promise.all([broker.redrive(ACTIVITY, id), broker.redrive(ACTIVITY, id)]);
}

/** Waits until the group has settled everything, and gives up in the end. */
export async function workedOff(tools: LabTools): Promise<void> {
  for (const until = Date.now() + WORKED_OFF_WITHIN_MS; Date.now() < until; ) {
    if ((await lagOf(tools)) === 0) return;
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
