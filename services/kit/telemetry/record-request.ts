import type {FastifyReply, FastifyRequest} from 'fastify';
import type {Telemetry} from './telemetry.ts';

/** Records a request as a span and in the metrics once its answer has left, or its caller. */
export function recordRequest(telemetry: Telemetry, request: FastifyRequest, reply: FastifyReply): void {
  const {method, hop, routeOptions} = request;
  const route = routeOptions.url;
  const span = telemetry.begin(hop.trace, {
    name: route === undefined ? method : `${method} ${route}`,
    kind: 'server',
    attributes: {
      'http.request.method': method,
      'http.route': route,
      // Without its query, which may hold what is nobody's business.
      'url.path': request.url.split('?')[0],
    },
  });
  reply.raw.once('close', () => {
    const status = reply.raw.writableFinished ? reply.raw.statusCode : undefined;
    telemetry.requestEnded({method, route, status, durationMs: reply.elapsedTime});
    span.set({'http.response.status_code': status, 'error.type': status === undefined ? 'caller_left' : undefined});
    if (status === undefined) span.end('the caller left before it was answered');
    else span.end(status >= 500 ? `answered ${status}` : undefined);
  });
}
