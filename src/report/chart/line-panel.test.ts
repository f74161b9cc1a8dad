import {describe, expect, it} from 'vitest';
import {linePanel} from './line-panel.ts';
import type {Plot} from './plot.ts';
import {createTimeScale} from './time-scale.ts';
import {shadeWindows} from './windows.ts';

const plot: Plot = {
  width: 700,
  left: 50,
  right: 650,
  time: createTimeScale({from: 0, to: 60_000, left: 50, right: 650}),
  prefix: 'p',
};
const window = {id: 'f-1', title: 'a fault', from: 10_000, to: 25_000, pattern: 1};
const points = [0, 10_000, 20_000, 30_000, 40_000].map(at => ({at, value: at === 20_000 ? null : at / 1000}));

function draw(gaps: readonly {from: number; to: number}[] = []): string {
  const strip = linePanel(plot, {
    name: 'x',
    title: 'things',
    unit: 'things/s',
    lines: [{label: 'one <b>', look: 'ok', points}],
    scale: 'linear',
    least: 1,
    plotHeight: 100,
    origin: 0,
    gaps,
    behind: area => shadeWindows(plot, [window], area),
  });
  return strip.draw(0).text;
}

describe('a panel of lines', () => {
  it('says its title, its unit, and the names of its lines, escaped', () => {
    expect(draw()).toContain('>things, things/s</text>');
    expect(draw()).toContain('>one &lt;b&gt;</text>');
  });

  it('breaks a line where nothing was measured', () => {
    const [, path] = /data-line="[^"]*" d="([^"]*)"/.exec(draw()) ?? [];
    expect(path?.match(/M/g)).toHaveLength(2);
    expect([...(path ?? '').matchAll(/[ML]([\d.]+),/g)].map(match => Number(match[1]))).toEqual([50, 150, 350, 450]);
  });

  it('shades a window from its begin to its end', () => {
    expect(draw()).toMatch(/<rect class="shade" x="150" y="\d+" width="150" height="100"\/>/);
  });

  it('says that nothing was measured in a gap', () => {
    expect(draw()).not.toContain('class="gap"');
    expect(draw([{from: 30_000, to: 50_000}])).toMatch(/<rect x="350" [^>]*width="200".*nothing measured<\/text>/s);
  });
});
