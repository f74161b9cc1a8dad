// The watchdog's process: `node watchdog.js <state folder> <workspace id> <session>`, detached.
import {watch} from './watchdog.ts';

const [stateFolder = '', workspaceId = '', session = ''] = process.argv.slice(2);
await watch({
  stateFolder,
  workspaceId,
  session,
  openNodes: async (engine, of) => {
    if (engine.machines !== undefined) {
      const {openSwarmSessionNodes} = await import('../runtime/swarm/session-nodes.ts');
      return openSwarmSessionNodes(engine, of);
    }
    const {openSessionNodes} = await import('../runtime/docker/session-nodes.ts');
    return openSessionNodes(engine, of);
  },
});
// Connections to engines would keep it.
process.exit(0);
