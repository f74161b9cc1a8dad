import type {LinkAnswer, LinkRequest} from '../links.ts';
import type {TraceContext} from '../trace-context.ts';
import type {OpenSpan} from './span.ts';
import type {Telemetry} from './telemetry.ts';

export interface Call {
  /** Services. */
  readonly from: string;
  readonly to: string;
  /** The instance that is asked. */
  readonly node: string;
  readonly request: Pick<LinkRequest, 'method' | 'path'>;
}

/** Begins the span of a request to another service. */
export function beginCall(telemetry: Telemetry, trace: TraceContext, {from, to, node, request}: Call): OpenSpan {
  return telemetry.beginWithin(trace, {
    name: `${request.method} ${to}`,
    kind: 'client',
    attributes: {
      'teralab.link': `${from}->${to}`,
      'server.address': node,
      'http.request.method': request.method,
      'url.path': request.path.split('?')[0],
    },
  });
}

/** Ends the span when the answer's body has been read, or was given up. */
export function endWithAnswer(span: OpenSpan, answer: LinkAnswer): LinkAnswer {
  const {status, body} = answer;
  span.set({'http.response.status_code': status});
  let failure: unknown = status >= 500 ? `answered ${status}` : undefined;
  body.once('error', error => {
    failure = error;
  });
  body.once('close', () => span.end(failure));
  return answer;
}
