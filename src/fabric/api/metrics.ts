import type {ApiPort} from './port.ts';
import {type ApiReply, text} from './reply.ts';
import {type SeenProxy, seeProxies} from './view.ts';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  samples(proxy: SeenProxy): readonly Sample[];
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Toxiproxy's two, which count as bytes pass and not only when a connection ends; and ours. */
const METRICS: readonly Metric[] = [
  {
    name: 'toxiproxy_proxy_received_bytes_total',
    type: 'counter',
    help: 'Bytes read, by direction.',
    samples: proxy => byDirection(proxy, proxy.counters.received),
  },
  {
    name: 'toxiproxy_proxy_sent_bytes_total',
    type: 'counter',
    help: 'Bytes passed on, by direction.',
    samples: proxy => byDirection(proxy, proxy.counters.bytes),
  },
  {
    name: 'teralab_proxy_connections_open',
    type: 'gauge',
    help: 'Connections that are open now.',
    samples: ({name, counters}) => [[{proxy: name}, counters.connections.open]],
  },
  {
    name: 'teralab_proxy_connections_total',
    type: 'counter',
    help: 'Connections that came.',
    samples: ({name, counters}) => [[{proxy: name}, counters.connections.total]],
  },
  {
    name: 'teralab_proxy_connections_failed_total',
    type: 'counter',
    help: 'Connections whose upstream could not be reached.',
    samples: ({name, counters}) => [[{proxy: name}, counters.connections.failed]],
  },
  {
    name: 'teralab_proxy_listening',
    type: 'gauge',
    help: '1 where connections are accepted.',
    samples: ({name, counters}) => [[{proxy: name}, counters.listening ? 1 : 0]],
  },
  {
    name: 'teralab_toxic_actions_total',
    type: 'counter',
    help: 'Chunks, answers or connections that a toxic has delayed, held, reset or dropped, on all its proxies.',
    samples: proxy => ofToxics(proxy, ({actions}) => actions),
  },
  {
    name: 'teralab_toxic_connections_total',
    type: 'counter',
    help: 'Connections that a toxic has applied to, on all its proxies.',
    samples: proxy => ofToxics(proxy, ({connections}) => connections),
  },
];

/** Prometheus' text format, version 0.0.4. */
export async function showMetrics(port: ApiPort): Promise<ApiReply> {
  const proxies = seeProxies(await port.look());
  const lines = METRICS.flatMap(({name, type, help, samples}) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...proxies.flatMap(samples).map(([labels, value]) => `${name}{${labelsText(labels)}} ${value}`),
  ]);
  return text(200, `${lines.join('\n')}\n`, 'text/plain; version=0.0.4; charset=utf-8');
}

function byDirection(
  {name, listen, upstream}: SeenProxy,
  bytes: {readonly upstream: number; readonly downstream: number},
): readonly Sample[] {
  const labels = {listener: listen, proxy: name, upstream};
  return [
    [{direction: 'upstream', ...labels}, bytes.upstream],
    [{direction: 'downstream', ...labels}, bytes.downstream],
  ];
}

function ofToxics(
  {name, toxics}: SeenProxy,
  figure: (touched: {readonly connections: number; readonly actions: number}) => number,
): readonly Sample[] {
  return toxics.map(({name: toxic, state}) => [
    {proxy: name, toxic, type: state.kind, stream: state.stream, id: state.id},
    figure(state.touched),
  ]);
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(
      ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',');
}
