import {readFile} from 'node:fs/promises';
import {LabError} from '../errors.ts';

/** Largest topology file that is read, bytes. */
const TOPOLOGY_BYTES_MAX = 1_000_000;

/** A topology by its name, or parsed YAML (which JSON is too); what that means is checked by the topology itself. Errors: BAD_TOPOLOGY. */
export async function readTopology(file: string): Promise<unknown> {
  const named = await namedTopology(file);
  if (named !== undefined) return named;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new LabError('BAD_TOPOLOGY', `The topology ${file} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (text.length > TOPOLOGY_BYTES_MAX) throw new LabError('BAD_TOPOLOGY', `The topology ${file} is larger than 1 MB.`);
  const {readYaml} = await import('../topology/parse-topology.ts');
  return readYaml(text, `The topology ${file}`);
}

async function namedTopology(name: string): Promise<unknown> {
  const {NAMED_TOPOLOGIES} = await import('../topology/declared.ts');
  return Object.hasOwn(NAMED_TOPOLOGIES, name) ? NAMED_TOPOLOGIES[name]?.() : undefined;
}
