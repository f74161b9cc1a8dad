/** Looks of charts. Lines differ by dash and weight, windows by their pattern, marks by their shape; colour comes on top. */
export const CHART_STYLE = `
.chart{position:relative;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px;margin:0 0 8px}
.timeline{display:block;width:100%;height:auto;overflow:hidden}
.timeline-narrow{display:none}
.timeline text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;fill:var(--soft);unicode-bidi:isolate}
.timeline .panel-title,.timeline .window-label{fill:var(--ink);font-weight:600}
.timeline .legend text{fill:var(--ink)}
.timeline .grid{stroke:var(--line);stroke-width:1}
.timeline .axis{stroke:var(--soft);stroke-width:1}
.timeline .track{stroke:var(--line);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.ok{stroke:var(--ok)}.failed{stroke:var(--failed);stroke-width:2.4;stroke-dasharray:7 4}.dropped{stroke:var(--dropped);stroke-width:2.4;stroke-dasharray:1 5}
.p50{stroke:var(--p50)}.p90{stroke:var(--p90);stroke-dasharray:7 4}.p99{stroke:var(--p99);stroke-width:2.4;stroke-dasharray:1 5}
.window-0{--window:var(--w0)}.window-1{--window:var(--w1)}.window-2{--window:var(--w2)}.window-3{--window:var(--w3)}
.shade{fill:var(--window);opacity:.12}.hatching{opacity:.28}.edge{stroke:var(--window);stroke-width:1;fill:none;opacity:.8}
.bar .shade{opacity:.35}.bar .hatching{opacity:.8}.outline{fill:none;stroke:var(--window);stroke-width:1.5}
.planned{fill:none;stroke:var(--window);stroke-width:1.5;stroke-dasharray:3 3}
.timeline .window-id{font-size:11px;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.hatch{fill:none;stroke-width:1.2}.hatch-0{stroke:var(--w0)}.hatch-1{stroke:var(--w1)}.hatch-2{stroke:var(--w2)}.hatch-3{stroke:var(--w3)}
.gap rect{fill:var(--code);stroke:var(--line);stroke-dasharray:3 3}.timeline .gap text{font-style:italic;font-size:11px}
.mark .symbol{stroke-width:1.5;stroke:var(--card)}.mark .lasts{fill:none;stroke-width:2}.mark .cross{fill:none;stroke-width:2;stroke-linecap:round}
.mark-well .symbol{fill:var(--ok)}.mark-well .lasts{stroke:var(--ok)}
.mark-wrong .symbol,.mark-stopped .symbol{fill:var(--card);stroke-width:1.6}.mark-wrong .symbol,.mark-wrong .cross,.mark-wrong .lasts{stroke:var(--bad)}
.mark-stopped .symbol,.mark-stopped .cross,.mark-stopped .lasts{stroke:var(--warn)}
.crosshair{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 2;pointer-events:none}
.reading{position:absolute;top:8px;left:0;width:max-content;max-width:min(310px,94%);background:var(--card);color:var(--ink);border:1px solid var(--soft);border-radius:6px;padding:6px 10px;
font-size:13px;line-height:1.45;pointer-events:none;white-space:pre-line;font-variant-numeric:tabular-nums;box-shadow:0 2px 8px rgb(0 0 0/.18)}
.reading[hidden]{display:none}
@media (max-width:640px){.timeline-wide{display:none}.timeline-narrow{display:block}.chart{padding:10px 6px;margin-inline:-4px}}
@media print{.timeline-wide{display:block}.timeline-narrow{display:none}}
`;
