import type {Losses} from '../../observe/losses.ts';
import type {TraceSummary} from '../../observe/trace-summary.ts';
import type {TraceTree, TreeSpan} from '../../observe/trace-tree.ts';
import {bar, clockTime, ms} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted} from '../output/text.ts';

interface Look {
  readonly width: number;
  readonly paint: Paint;
}

/** As much of an id as tells traces apart, and can be typed. */
const ID_SHOWN = 8;
const NAME_MAX = 38;
const BAR_CELLS = 16;
/** Attributes that the line of a span says already, or the tree. */
const SHOWN = new Set(['teralab.link', 'http.request.method', 'http.route', 'db.system.name', 'db.operation.name']);

export function renderTraces(traces: readonly TraceSummary[], {width, paint}: Look): string[] {
  const rows = traces.map(({id, startedAt, durationMs, spans, errors, services, service, root}) => [
    paint.accent(id.slice(0, ID_SHOWN)),
    clockTime(startedAt),
    ms(durationMs),
    String(services.length),
    String(spans),
    errors === 0 ? '0' : paint.bad(String(errors)),
    `${service} ${root}`,
  ]);
  const heading = ['ID', 'BEGAN', 'TOOK', 'SERVICES', 'SPANS', 'ERRORS', 'REQUEST'];
  return table([heading, ...rows], {width, heading: paint.faint, right: [2, 3, 4, 5]});
}

/** The tree with a bar for each span, and below it what its attributes say. */
export function renderTrace(trace: TraceTree, {width, paint}: Look): string[] {
  const {id, root, service, durationMs, untilMs, spans, services, errors, startedAt} = trace;
  const failed = errors === 0 ? 'no errors' : paint.bad(counted(errors, 'error'));
  const later = untilMs > durationMs + 1 ? `, all over after ${ms(untilMs)}` : '';
  const wholeMs = Math.max(0.001, ...trace.tree.map(span => span.offsetMs + span.durationMs));
  const rows = trace.tree.map(span => [
    nameOf(span, paint),
    ms(span.durationMs),
    ms(span.selfMs),
    paint.accent(spanBar(span, wholeMs)),
  ]);
  const lines = table([['SPAN', 'TOOK', 'SELF', ''], ...rows], {width: width + 1, heading: paint.faint, right: [1, 2]});
  const details = trace.tree.map(span => detailOf(span, {width, paint}));
  return [
    `${paint.strong(root)} at ${service}: ${ms(durationMs)}${later}, ${counted(spans, 'span')} of ${services.join(', ')}, ${failed}`,
    paint.faint(`${id}, ${new Date(startedAt).toISOString()}`),
    '',
    ...lines.flatMap((line, index) => [line, ...(index === 0 ? [] : (details[index - 1] ?? []))]),
  ];
}

export function renderLosses({unsentSpans, evictedSpans, refusedByCollector}: Losses): string[] {
  return [
    ...(unsentSpans === 0 ? [] : [`${counted(unsentSpans, 'span')} of services could not be sent and were dropped.`]),
    ...(refusedByCollector === 0
      ? []
      : [`${counted(refusedByCollector, 'batch', 'batches')} did not get to the collector that \`up --otlp\` named.`]),
    ...(evictedSpans === 0 ? [] : [`${counted(evictedSpans, 'older span')} made room for newer ones.`]),
  ];
}

function nameOf({depth, service, name, failure, orphan}: TreeSpan, paint: Paint): string {
  const text = `${'  '.repeat(Math.min(depth, 8))}${orphan ? '? ' : ''}${service} ${name}`;
  const short = text.length > NAME_MAX ? `${text.slice(0, NAME_MAX - 1)}…` : text;
  return failure === null ? short : paint.bad(`${short} ✖`);
}

/** Where in the trace a span was at work; the shortest still has a mark. */
function spanBar({offsetMs, durationMs}: TreeSpan, wholeMs: number): string {
  const start = Math.min(BAR_CELLS - 1, Math.floor((offsetMs / wholeMs) * BAR_CELLS));
  const cells = bar(durationMs / wholeMs, BAR_CELLS) || '▏';
  return ' '.repeat(start) + [...cells].slice(0, BAR_CELLS - start).join('');
}

function detailOf({depth, link, failure, attributes, orphan}: TreeSpan, {width, paint}: Look): string[] {
  const indent = '  '.repeat(Math.min(depth, 8) + 1);
  const facts = Object.entries(attributes)
    .filter(([key]) => !SHOWN.has(key))
    .map(([key, value]) => `${key}=${value}`);
  const said = [...(link === null ? [] : [link]), ...facts].join('  ');
  return [
    ...(said === '' ? [] : block(said, width, indent).map(line => paint.faint(line))),
    ...(failure === null ? [] : block(`failed: ${failure}`, width, indent).map(line => paint.bad(line))),
    ...(orphan ? [paint.faint(`${indent}its parent was not recorded, or has not come yet`)] : []),
  ];
}
