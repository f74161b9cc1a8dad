import {join} from 'node:path';
import {type Catalogue, createCatalogue} from '../labs/catalogue.ts';
import type {Controller} from './controller.ts';

/** The labs that this controller runs. */
export function labCatalogue({options: {entries}}: Controller): Catalogue {
  return createCatalogue({labsFolder: join(entries.packageFolder, 'labs'), builtFolder: entries.builtLabs});
}
