import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import {LabError} from '../../errors.ts';
import type {Topology} from '../../topology/topology.ts';
import {type JudgedFile, sha256Of} from '../build-seam.ts';
import {confine} from '../confine.ts';
import type {AnyLab} from '../lab.ts';
import {fail} from '../verdict.ts';
import type {Stopped} from './context.ts';

/** The system that a lab wants; undefined: as it was started. */
export interface Shape {
  readonly topology: Topology | undefined;
  readonly judged: readonly JudgedFile[];
}

const FILE_BYTES_MAX = 100_000;

/** Reads the shape that a lab gives to the system, from the learner's file where it is theirs to declare. What cannot be read fails every task. */
export async function readShape({topology}: AnyLab, files: string): Promise<Shape | Stopped> {
  if (topology === undefined) return {topology: undefined, judged: []};
  if (!('boundaries' in topology)) return {topology, judged: []};
  const {boundaries: file} = topology;
  let path: string;
  let text: string;
  try {
    path = await confine(files, file);
    text = await readFile(path, 'utf8');
  } catch {
    return {
      stopped: fail('NOT_YOURS', `there is no file ${file}`, 'the file is in your lab folder', [`looked in ${files}`]),
    };
  }
  try {
    if (text.length > FILE_BYTES_MAX) throw new LabError('BAD_TOPOLOGY', `${file} has ${text.length} characters.`);
    const {parseBoundaries} = await import('../../topology/boundaries.ts');
    return {topology: parseBoundaries(text, basename(file)), judged: [{file, sha256: await sha256Of(path)}]};
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return {stopped: fail('DOES_NOT_BUILD', error.message, 'the file declares a system that can be')};
  }
}
