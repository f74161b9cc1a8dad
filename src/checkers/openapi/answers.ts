import type {GeneratedRequest} from './requests.ts';
import type {Validator} from './validate.ts';

/** What came back of a request. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
  /** Only the beginning of the body was kept: it is not read. */
  readonly isCut?: boolean;
}

const PROBLEM = 'application/problem+json';
const STACK = /\n\s+at \S|node_modules|\.ts:\d+|\.js:\d+/;

/** What is wrong with an answer, in a phrase; undefined where it is as described and as the request deserves. */
export function answerProblem(
  {operation, expect}: Pick<GeneratedRequest, 'operation' | 'expect'>,
  answer: Answer,
  validate: Validator,
): string | undefined {
  const {status} = answer;
  const type = answer.contentType?.split(';')[0]?.trim() ?? '';
  if (status >= 500) return `is answered ${status}`;
  if ((expect === 'refused' || expect === 'elsewhere') && status < 400) return `is accepted (${status})`;
  if (status >= 400) {
    const shape = notAProblem(answer, type);
    if (shape !== undefined) return shape;
  }
  if (expect === 'elsewhere') return undefined;
  const described = operation.responses[String(status)];
  if (described === undefined) return `is answered ${status}, which is not described`;
  if (Object.keys(described.content).length === 0)
    return answer.body === '' ? undefined : `is answered ${status} with a body that is not described`;
  const schema = described.content[type];
  if (schema === undefined) return `is answered ${status} with ${type || 'no type'}, which is not described`;
  if (!/json$/.test(type) || answer.isCut === true) return undefined;
  const value = parsed(answer.body);
  if (value === undefined) return `is answered ${status} with a body that is no JSON`;
  const wrong = validate(schema, value.json);
  return wrong === undefined ? undefined : `is answered ${status}, and ${wrong}`;
}

/** In what way an answer is no problem document (RFC 9457); undefined where it is one. */
export function notAProblem({status, body}: Answer, type: string): string | undefined {
  if (type !== PROBLEM) return `is answered ${status} as ${type || 'nothing'}, not ${PROBLEM}`;
  const json = parsed(body)?.json;
  if (typeof json !== 'object' || json === null) return `is answered ${status} with a problem that is no JSON object`;
  const {type: kind, title, status: said} = json as Readonly<Record<string, unknown>>;
  if (typeof kind !== 'string' || typeof title !== 'string')
    return `is answered ${status} with a problem without type or title`;
  if (said !== status) return `is answered ${status} with a problem that says ${JSON.stringify(said)}`;
  return STACK.test(body) ? `is answered ${status} with a stack trace` : undefined;
}

function parsed(text: string): {readonly json: unknown} | undefined {
  try {
    return {json: JSON.parse(text)};
  } catch {
    return undefined;
  }
}
