import {STATUS_CODES} from 'node:http';

/** An answer that a toxic gives instead of the upstream's. */
export interface InjectedAnswer {
  readonly status: number;
  /** The toxic's id. */
  readonly toxic: string;
  /** `before`: the upstream does not get the request. `after`: it has answered, and that is replaced. */
  readonly when: 'before' | 'after';
  /** The link, for whoever reads the answer. */
  readonly proxy: string;
}

/** Every injected answer has it, and none of a service does. */
export const INJECTED_HEADER = 'x-teralab-injected';

export const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** The whole answer, framed so that a kept-alive connection goes on: problem+json (RFC 9457) that says it was injected. */
export function injectedBytes(answer: InjectedAnswer, method: string, close: boolean): Buffer {
  const {status} = answer;
  const hasContent = status !== 204 && status !== 205 && status !== 304;
  const body = hasContent ? JSON.stringify(problemOf(answer)) : '';
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Injected'}`,
    `${INJECTED_HEADER}: reply_status`,
    'cache-control: no-store',
    `date: ${new Date().toUTCString()}`,
    ...(hasContent ? ['content-type: application/problem+json'] : []),
    ...(hasContent || status === 205 ? [`content-length: ${Buffer.byteLength(body)}`] : []),
    `connection: ${close ? 'close' : 'keep-alive'}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`);
}

/** Whether the connection ends after the message with this head. */
export function endsConnection(head: string): boolean {
  const lineEnd = head.indexOf('\r\n');
  const isOld = /HTTP\/1\.0/.test(head.slice(0, lineEnd));
  const [, options = ''] = /\r\nconnection:([^\r]*)/i.exec(head) ?? [];
  return isOld ? !/\bkeep-alive\b/i.test(options) : /\bclose\b/i.test(options);
}

/** Whether the client waits to be told before it sends the body. */
export function expectsContinue(head: string): boolean {
  return /\r\nexpect:[ \t]*100-continue/i.test(head);
}

function problemOf({status, toxic, when, proxy}: InjectedAnswer): object {
  const what = when === 'before' ? 'the callee did not get the request' : "the callee's own answer was replaced";
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Injected',
    status,
    detail: `Injected by teralab on ${proxy}: ${what}.`,
    injected: true,
    fault: toxic,
  };
}
