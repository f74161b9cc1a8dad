import {scaleLinear, scaleLog} from 'd3-scale';

/** Largest to smallest value from which a linear scale would press the small ones onto its edge. */
const LOG_FROM_RATIO = 20;
const TICKS = 4;
/** A logarithmic scale has no place for 0. */
const SMALLEST = 0.01;

export interface ValueScale {
  readonly kind: 'linear' | 'log';
  /** px, from the bottom up. */
  y(value: number): number;
  readonly ticks: readonly number[];
}

export interface ValueScaleOptions {
  readonly top: number;
  readonly bottom: number;
  /** `auto`: logarithmic where the largest value is 20 times the smallest or more. */
  readonly kind: 'linear' | 'auto';
  /** The scale goes at least this far. */
  readonly least: number;
}

/** A scale of values that fits all of them and ends at round ones. */
export function createValueScale(values: readonly number[], options: ValueScaleOptions): ValueScale {
  const {top, bottom, kind} = options;
  const known = values.filter(value => Number.isFinite(value) && value >= 0);
  const largest = known.reduce((most, value) => Math.max(most, value), options.least);
  const smallest = known.reduce((least, value) => (value > 0 ? Math.min(least, value) : least), largest);
  if (kind === 'linear' || largest / smallest < LOG_FROM_RATIO) {
    const scale = scaleLinear().domain([0, largest]).nice(TICKS).range([bottom, top]).clamp(true);
    return {kind: 'linear', y: value => scale(value), ticks: scale.ticks(TICKS)};
  }
  const scale = scaleLog()
    .domain([Math.max(SMALLEST, smallest), largest])
    .nice()
    .range([bottom, top])
    .clamp(true);
  return {kind: 'log', y: value => scale(Math.max(SMALLEST, value)), ticks: logTicks(scale.domain())};
}

/** Powers of ten, as many as there is room for. */
function logTicks([from = 1, to = 10]: readonly number[]): readonly number[] {
  const first = Math.round(Math.log10(from));
  const last = Math.round(Math.log10(to));
  const every = Math.ceil((last - first) / (TICKS + 1)) || 1;
  const powers = Array.from({length: last - first + 1}, (_, index) => first + index);
  return powers.filter(power => (power - first) % every === 0).map(power => Number(`1e${power}`));
}
