import {join} from 'node:path';
import {LabError} from '../errors.ts';
import {type Catalogue, createCatalogue, matchId} from './catalogue.ts';
import {inPathOrder} from './curriculum.ts';

export interface LabPlaces {
  /** The package: its `labs/`, and what labs of others import from it. */
  readonly packageFolder: string;
  /** The package's labs as they were built. */
  readonly builtLabs: string;
  /** Labs of somebody else: `--labs DIR`. */
  readonly labs?: string | undefined;
}

/** The labs that come with teralab, and those of one more folder. @throws USAGE for an id that both have. */
export function openLabs({packageFolder, builtLabs, labs}: LabPlaces): Catalogue {
  const own = createCatalogue({labsFolder: join(packageFolder, 'labs'), builtFolder: builtLabs, packageFolder});
  if (labs === undefined) return own;
  return joined(own, createCatalogue({labsFolder: labs, packageFolder}), labs);
}

function joined(own: Catalogue, theirs: Catalogue, folder: string): Catalogue {
  const ids = async (): Promise<readonly string[]> => {
    const [ours, others] = await Promise.all([own.ids(), theirs.ids()]);
    const twice = others.find(id => ours.includes(id));
    if (twice !== undefined)
      throw new LabError('USAGE', `${folder} has a lab ${twice}, which comes with teralab too; give it another id.`);
    return [...ours, ...others].toSorted();
  };
  const by = async (raw: string): Promise<readonly [Catalogue, string]> => {
    const id = matchId(raw, await ids());
    return [(await theirs.ids()).includes(id) ? theirs : own, id];
  };
  return {
    ids,
    list: async () => {
      await ids();
      return inPathOrder([...(await own.list()), ...(await theirs.list())]);
    },
    load: async raw => {
      const [catalogue, id] = await by(raw);
      return catalogue.load(id);
    },
    texts: async raw => {
      const [catalogue, id] = await by(raw);
      return catalogue.texts(id);
    },
    folder: async raw => {
      const [catalogue, id] = await by(raw);
      return catalogue.folder(id);
    },
  };
}
