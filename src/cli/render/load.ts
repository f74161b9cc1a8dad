import type {LatencySummary, LoadSummary} from '../../load/load.ts';
import {bar, ms, percent, seconds} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {formatRate} from '../parse/rate.ts';

const PERCENTILES: readonly (readonly [keyof LatencySummary, string])[] = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['max', 'max'],
];

/** Counts, and latency from the intended start as bars on a logarithmic scale, with the uncorrected figure beside it. */
export function renderLoad(
  summary: LoadSummary,
  {width, paint}: {readonly width: number; readonly paint: Paint},
): string[] {
  const {sent, ok, failed, dropped} = summary;
  const share = (count: number): string => (sent + dropped === 0 ? '' : ` (${percent(count / (sent + dropped))})`);
  return [
    `${formatRate(summary.rate)} offered for ${seconds(summary.durationMs)}: ${sent} sent, ${paint.good(`${ok} ok`)}${share(ok)}, ${failed === 0 ? '0 failed' : paint.bad(`${failed} failed`)}, ${dropped} dropped`,
    '',
    ...histogram(summary, width, paint),
  ];
}

function histogram({latencyMs, uncorrectedMs}: LoadSummary, width: number, paint: Paint): string[] {
  const top = Math.max(1, latencyMs.max);
  const cells = Math.max(10, width - 36);
  const scale = (value: number): number => Math.log1p(Math.max(0, value)) / Math.log1p(top);
  const rows = PERCENTILES.map(([key, label]) => [
    label,
    ms(latencyMs[key]),
    ms(uncorrectedMs[key]),
    paint.accent(bar(scale(latencyMs[key]), cells)),
  ]);
  return table([['', 'LATENCY', 'UNCORRECTED', ''], ...rows], {width: width + 1, heading: paint.faint, right: [1, 2]});
}
