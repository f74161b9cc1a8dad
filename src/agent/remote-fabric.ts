import type {LocalFabric} from '../fabric/create-fabric.ts';
import type {Fabric, RequestLogEntry} from '../fabric/fabric.ts';
import type {AgentConnection} from './connect.ts';

/** The fabric at the other end of a connection. */
export function remoteFabric(thread: AgentConnection<LocalFabric>): Fabric {
  return {
    open: proxies => thread.call('open', proxies),
    close: names => thread.call('close', names),
    setNodeUp: (node, up) => thread.call('setNodeUp', node, up),
    change: batch => thread.call('change', batch),
    toxics: () => thread.call('toxics'),
    counters: () => thread.call('counters'),
    connections: proxy => thread.call('connections', proxy),
    // In pages: to clone a long log in one piece would hold up all links for as long.
    async requests(since) {
      const entries: RequestLogEntry[] = [];
      for (let cursor: number | undefined = 0; cursor !== undefined; ) {
        const page: Awaited<ReturnType<LocalFabric['requestPage']>> = await thread.call('requestPage', since, cursor);
        for (const entry of page.entries) entries.push(entry);
        cursor = page.next;
      }
      return entries;
    },
    probe: (proxy, options) => thread.call('probe', proxy, options),
    stop: () => thread.call('stop'),
  };
}
