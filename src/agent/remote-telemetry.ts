import {createHmac} from 'node:crypto';
import type {AgentConnection} from './connect.ts';
import type {AgentTelemetry} from './telemetry.ts';
import type {TelemetryThread} from './telemetry-port.ts';

/** Where an agent in a container takes OTLP/HTTP: the port that it is registered for. */
export const TELEMETRY_PORT = 4318;

/** What services show to be taken in. It is theirs to know, unlike the agent's own token, which commands all links. */
export function telemetryToken(agentToken: string): string {
  return createHmac('sha256', agentToken).update('telemetry').digest('hex');
}

/** The telemetry of an agent in a container, which services reach at `host`. */
export function remoteTelemetry(
  thread: AgentConnection<TelemetryThread>,
  {host, token}: {readonly host: string; readonly token: string},
): AgentTelemetry {
  return {
    environment: async () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:${TELEMETRY_PORT}`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${telemetryToken(token)}`,
    }),
    forwardTo: target => thread.call('forwardTo', target),
    traces: filter => thread.call('traces', filter),
    trace: prefix => thread.call('trace', prefix),
    metrics: windowMs => thread.call('metrics', windowMs),
    spans: filter => thread.call('spans', filter),
    stop: () => thread.terminate(),
  };
}
