import {openLabs} from '../labs/all-labs.ts';
import type {Catalogue} from '../labs/catalogue.ts';
import type {Controller} from './controller.ts';

/** The labs that this controller runs, with those of the folder that a client names. */
export function labCatalogue({options: {entries}}: Controller, labs: string | undefined): Catalogue {
  return openLabs({...entries, labs});
}
