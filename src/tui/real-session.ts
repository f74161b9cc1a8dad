import {join} from 'node:path';
import {findEntries} from '../controller/entries.ts';
import {openLabs} from '../labs/all-labs.ts';
import {openProgress} from '../labs/progress.ts';
import {openWorkspace} from '../labs/workspace.ts';
import {labPaths} from '../paths.ts';
import {realLabs} from './real-labs.ts';
import {realSystem} from './real-system.ts';
import {watchSaves} from './saves.ts';
import type {ScreenSession} from './session.ts';

/** The screen's session on this machine: labs and progress from disk, the system through its controller. */
export function realSession(workspace: string, labs?: string): ScreenSession {
  const entries = findEntries();
  const {packageFolder} = entries;
  return {
    ...realLabs({
      catalogue: openLabs({...entries, labs}),
      progress: openProgress(labPaths().data),
      workspace: openWorkspace({
        folder: workspace,
        repository: true,
        templates: join(packageFolder, 'templates', 'workspace'),
        services: join(packageFolder, 'services'),
      }),
    }),
    ...realSystem(workspace, labs),
    onSaved: (files, listener) => watchSaves(files, listener),
  };
}
