import type {SoakReport} from './soak.ts';

const SHOWN_MAX = 5;

/** A report for people. */
export function describeSoak({
  verdicts,
  faults,
  operations,
  restarts,
  recoveredMs,
  timetable,
  held,
  ...run
}: SoakReport): string {
  const kinds = faults.map(({kind, injected, bit, refused}) => {
    const more = [`${bit} measured to bite`, ...(refused === 0 ? [] : [`${refused} refused`])];
    return `  ${kind.padEnd(16)} ${String(injected).padStart(3)}  (${more.join(', ')})`;
  });
  const asked = operations.map(
    ({name, asked: times, acknowledged, sends}) =>
      `  ${name.padEnd(10)} ${String(acknowledged).padStart(5)} of ${times} acknowledged, sent ${sends} times`,
  );
  const judged = verdicts.flatMap(({invariant, looked, violations}) => [
    `${violations.length === 0 ? '✔' : '✖'} ${invariant} (${looked} looked at${violations.length === 0 ? '' : `, ${violations.length} violations`})`,
    ...violations.slice(0, SHOWN_MAX).map(text => `    ${text}`),
    ...(violations.length > SHOWN_MAX ? [`    and ${violations.length - SHOWN_MAX} more`] : []),
  ]);
  return [
    `${timetable.length} faults:`,
    ...kinds,
    'What people did:',
    ...asked,
    `Nodes were restarted ${restarts} times; ${recoveredMs === null ? 'it never came to rest' : `everything was worked off ${(recoveredMs / 1_000).toFixed(1)} s after the last fault`}.`,
    '',
    ...judged,
    '',
    `${held ? 'Held' : 'VIOLATED'}. Again: node scripts/soak.js --for ${run.forMs / 1_000}s --seed ${run.seed} --broker ${run.broker} --rate ${run.ratePerSecond}`,
  ].join('\n');
}
