import {type Agent, openAgent} from '../agent/agent.ts';
import {findEntries} from './entries.ts';

// The links' thread comes up on a core of its own while the controller is still being loaded.
const entries = findEntries().agent;
let early: Agent | undefined = openAgent(entries);
const {runController} = await import('./main.ts');
await runController(() => {
  const agent = early ?? openAgent(entries);
  early = undefined;
  return agent;
});
