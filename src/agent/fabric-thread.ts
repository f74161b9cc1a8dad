import {createFabric} from '../fabric/create-fabric.ts';
import {serveThread} from './serve-thread.ts';
import {threadSettings} from './thread-settings.ts';

// The links have a thread of their own, so that nothing else the lab does adds to their latency.
serveThread(() => ({...createFabric(threadSettings().places)}));
