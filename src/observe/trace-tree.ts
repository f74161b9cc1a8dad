import type {Span} from './span.ts';
import {summarizeTrace, type TraceSummary} from './trace-summary.ts';

/** A span at its place. */
export interface TreeSpan extends Omit<Span, 'traceId' | 'links' | 'startedAt'> {
  /** 0 for a root. */
  readonly depth: number;
  /** Its parent is not in the store: it was not recorded, has not come yet, or was dropped. */
  readonly orphan: boolean;
  /** The link that it went over, `identity->identity-db`; null where it went over none. */
  readonly link: string | null;
  /** From the beginning of the trace, ms. */
  readonly offsetMs: number;
  /** What of its duration none of its children was at work. */
  readonly selfMs: number;
  readonly links: readonly string[];
}

export interface TraceTree extends TraceSummary {
  /** Parents before their children, in order of their beginnings. */
  readonly tree: readonly TreeSpan[];
}

/** Puts the spans of one trace into a tree. A parent that is missing makes a root; a circle, which only a liar can make, is cut open. */
export function treeOf(id: string, spans: readonly Span[]): TraceTree {
  const own = spans.filter(({traceId}) => traceId === id);
  const summary = summarizeTrace(own);
  const known = new Set(spans.map(span => span.id));
  const inOrder = spans.toSorted((one, other) => one.startedAt - other.startedAt);
  const children = groupByParent(inOrder);
  const tree: TreeSpan[] = [];
  const placed = new Set<string>();
  const waiting: {readonly span: Span; readonly depth: number}[] = [];

  function place(root: Span): void {
    waiting.push({span: root, depth: 0});
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const {span, depth} = next;
      if (placed.has(span.id)) continue;
      placed.add(span.id);
      const below = children.get(span.id) ?? [];
      tree.push(treeSpan(span, {depth, below, known, startedAt: summary.startedAt}));
      for (const child of below.toReversed()) waiting.push({span: child, depth: depth + 1});
    }
  }

  for (const span of inOrder) if (span.parentId === null || !known.has(span.parentId)) place(span);
  for (const span of inOrder) place(span);
  return {...summary, tree};
}

function groupByParent(spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> {
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.parentId === null) continue;
    const list = children.get(span.parentId);
    if (list === undefined) children.set(span.parentId, [span]);
    else list.push(span);
  }
  return children;
}

interface Place {
  readonly depth: number;
  readonly below: readonly Span[];
  readonly known: ReadonlySet<string>;
  readonly startedAt: number;
}

function treeSpan({traceId: _, startedAt, links, ...span}: Span, {depth, below, known, ...trace}: Place): TreeSpan {
  const link = span.attributes['teralab.link'];
  return {
    ...span,
    depth,
    orphan: span.parentId !== null && !known.has(span.parentId),
    link: typeof link === 'string' ? link : null,
    offsetMs: startedAt - trace.startedAt,
    selfMs: span.durationMs - coveredMs({startedAt, durationMs: span.durationMs}, below),
    links: links.map(({spanId}) => spanId),
  };
}

/** How much of a span's time at least one of its children was at work. Children that go on after its end count until then. */
function coveredMs({startedAt, durationMs}: Pick<Span, 'startedAt' | 'durationMs'>, children: readonly Span[]): number {
  const end = startedAt + durationMs;
  let covered = 0;
  let upTo = startedAt;
  for (const child of children) {
    const from = Math.max(upTo, child.startedAt);
    const to = Math.min(end, child.startedAt + child.durationMs);
    if (to <= from) continue;
    covered += to - from;
    upTo = to;
  }
  return covered;
}
