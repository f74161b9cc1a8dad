import {LabError} from '../../errors.ts';
import type {FaultKind} from '../../faults/fault.ts';
import type {TimedFault} from '../../labs/lab.ts';
import {parseDuration} from './duration.ts';

const AT_MS_DEFAULT = 2_000;
const FOR_MS_DEFAULT = 5_000;

/** `pause stream at=2s for=5s`, `latency gateway->identity latency=200ms`: a kind, a target, and what is said of it. Collects for commander. */
export function parseFault(raw: string, before: readonly TimedFault[] = []): readonly TimedFault[] {
  const [kind, target, ...rest] = raw.trim().split(/\s+/);
  if (kind === undefined || target === undefined)
    throw new LabError(
      'USAGE',
      `--fault takes a kind and a target, as in "pause stream at=2s for=5s"; "${raw}" is less.`,
    );
  const said = new Map<string, string>();
  for (const word of rest) {
    const [, name, value] = /^(?:--)?([a-z][\w.-]*)=(.+)$/.exec(word) ?? [];
    if (name === undefined || value === undefined)
      throw new LabError('USAGE', `"${word}" of --fault does not read name=value.`);
    said.set(name, value);
  }
  const [at, lasts] = [said.get('at'), said.get('for')];
  said.delete('at');
  said.delete('for');
  const fault: TimedFault = {
    kind: kind as FaultKind,
    target,
    attributes: Object.fromEntries([...said].map(([name, value]) => [name, numberOr(value)])),
    atMs: at === undefined ? AT_MS_DEFAULT : at === '0' ? 0 : parseDuration(at, 'at'),
    forMs: lasts === undefined ? FOR_MS_DEFAULT : parseDuration(lasts, 'for'),
  };
  return [...before, fault];
}

function numberOr(value: string): string | number {
  if (/^\d+(\.\d+)?%$/.test(value)) return Number(value.slice(0, -1)) / 100;
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
