import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {connectOptions} from './session.ts';

/** Deletes all streams of a server, with everything that groups know. Whoever uses one then finds it missing, and makes it again. */
export async function emptyNats(url: string): Promise<void> {
  const nc = await connect({...connectOptions(url), reconnect: false});
  try {
    const jsm = await jetstreamManager(nc, {checkAPI: false});
    const names: string[] = [];
    for await (const name of jsm.streams.names()) names.push(name);
    await Promise.all(names.map(async name => jsm.streams.delete(name)));
  } finally {
    await nc.close();
  }
}
