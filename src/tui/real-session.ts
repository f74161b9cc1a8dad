import {join} from 'node:path';
import {findEntries} from '../controller/entries.ts';
import {createCatalogue} from '../labs/catalogue.ts';
import {openProgress} from '../labs/progress.ts';
import {openWorkspace} from '../labs/workspace.ts';
import {labPaths} from '../paths.ts';
import {realLabs} from './real-labs.ts';
import {realSystem} from './real-system.ts';
import {watchSaves} from './saves.ts';
import type {ScreenSession} from './session.ts';

/** The screen's session on this machine: labs and progress from disk, the system through its controller. */
export function realSession(workspace: string): ScreenSession {
  const {packageFolder, builtLabs} = findEntries();
  return {
    ...realLabs({
      catalogue: createCatalogue({labsFolder: join(packageFolder, 'labs'), builtFolder: builtLabs}),
      progress: openProgress(labPaths().data),
      workspace: openWorkspace({
        folder: workspace,
        templates: join(packageFolder, 'templates', 'workspace'),
        services: join(packageFolder, 'services'),
      }),
    }),
    ...realSystem(workspace),
    onSaved: (files, listener) => watchSaves(files, listener),
  };
}
