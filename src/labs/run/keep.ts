import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Evidence} from '../lab.ts';
import type {CheckResult} from '../verdict.ts';

/** Keeps what a run saw in its folder: the ledgers are there already, one file a phase. Only its owner may read it. */
export async function keepEvidence(folder: string, evidence: Evidence<unknown, unknown>): Promise<void> {
  const {baseline, attack, replay, requests, baselineRequests, events, faults, ...rest} = evidence;
  await Promise.all([
    keep(folder, 'evidence.json', `${JSON.stringify(rest, null, 2)}\n`),
    keep(folder, 'requests.jsonl', lines(requests)),
    keep(folder, 'requests-baseline.jsonl', lines(baselineRequests)),
    keep(folder, 'events.jsonl', lines(events)),
    keep(folder, 'faults.jsonl', lines(faults)),
  ]);
}

export async function keepResult(folder: string, result: CheckResult): Promise<void> {
  await keep(folder, 'result.json', `${JSON.stringify(result, null, 2)}\n`);
}

function keep(folder: string, name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text, {mode: 0o600});
}

function lines(values: readonly unknown[]): string {
  return values.map(value => `${JSON.stringify(value)}\n`).join('');
}
