import {readFile} from 'node:fs/promises';
import {LabError} from '../errors.ts';

/** Largest topology file that is read, bytes. */
const TOPOLOGY_BYTES_MAX = 1_000_000;

/** Parsed YAML (which JSON is too); what it means is checked by the topology itself. Errors: BAD_TOPOLOGY. */
export async function readTopology(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new LabError('BAD_TOPOLOGY', `The topology ${file} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (text.length > TOPOLOGY_BYTES_MAX) throw new LabError('BAD_TOPOLOGY', `The topology ${file} is larger than 1 MB.`);
  const {parse} = await import('yaml');
  try {
    return parse(text, {maxAliasCount: 100});
  } catch (error) {
    throw new LabError(
      'BAD_TOPOLOGY',
      `The topology ${file} is not valid YAML: ${(error as Error).message.trimEnd()}`,
      {cause: error},
    );
  }
}
