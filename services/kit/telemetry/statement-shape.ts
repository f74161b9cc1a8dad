/** Longest shape that is kept. */
const SHAPE_MAX = 300;
/** Shapes that are remembered: a service has some dozens of statements; one that writes values into its texts has any number. */
const REMEMBERED_MAX = 500;

export interface StatementShape {
  /** `select`, `insert`, … */
  readonly operation: string;
  /** `insert accounts`: what a span of it is called. */
  readonly name: string;
  /** The statement in one line, without a value. */
  readonly text: string;
}

/** Tells the shapes of statements, each text once. */
export function createStatementShapes(): (text: string) => StatementShape {
  const known = new Map<string, StatementShape>();
  return text => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const shape = statementShape(text);
    if (known.size >= REMEMBERED_MAX) known.clear();
    known.set(text, shape);
    return shape;
  };
}

/** The shape of a statement: literals are replaced by `?`, whether somebody used parameters or not. */
export function statementShape(text: string): StatementShape {
  const bare = text
    .replace(TOKENS, token => (token.startsWith('"') ? token : /^(--|\/\*)/.test(token) ? ' ' : '?'))
    .replace(/\s+/g, ' ')
    .trim();
  const operation = /^\(*\s*([a-z]+)/i.exec(bare)?.[1]?.toLowerCase() ?? 'statement';
  const table = TABLE.exec(bare)
    ?.slice(1)
    .find(found => found !== undefined);
  const name = table === undefined || table.toLowerCase() === 'set' ? operation : `${operation} ${table}`;
  return {operation, name, text: bare.length > SHAPE_MAX ? `${bare.slice(0, SHAPE_MAX - 1)}…` : bare};
}

/** The first table that is named; not a function that rows come from. */
const TABLE =
  /\b(?:into|update|table)\s+(?:if not exists\s+)?"?([a-z_][\w.]*)|\b(?:from|join)\s+(?:only\s+)?"?([a-z_][\w.]*)(?![\w.]|\s*\()/i;

/**
 * What is not the statement's own words, from left to right, so that none is looked for within another: comments; quoted names, which stay;
 * texts in dollars, with escapes, and plain; numbers that are no parameter and no part of a name. One that does not end goes to the end.
 */
const TOKENS = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    '"(?:[^"]|"")*(?:"|$)',
    String.raw`\$(?<tag>[a-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`,
    String.raw`\be'(?:[^'\\]|''|\\[\s\S])*(?:'|$)`,
    String.raw`(?:\b[bxnu]&?)?'(?:[^']|'')*(?:'|$)`,
    String.raw`(?<![\w$])\d[\d_.]*(?:e[+-]?\d+)?\b`,
  ].join('|'),
  'gi',
);
