import {Readable} from 'node:stream';
import type Docker from 'dockerode';
import {pack} from 'tar-stream';

/** Files for a folder of a container that is a volume: what is read-only otherwise can be written to there. */
export interface PutFiles {
  readonly folder: string;
  readonly entries: readonly {
    readonly name: string;
    readonly mode: number;
    /** Absent: a folder. */
    readonly content?: string | Buffer;
    /** User and group by number; root without it. */
    readonly owner?: number;
  }[];
}

/** Copies files into a container over the engine's API, whether or not it runs: no path of this machine has to exist on the engine's. */
export async function putFiles(container: Docker.Container, {folder, entries}: PutFiles): Promise<void> {
  const archive = pack();
  for (const {name, mode, content, owner = 0} of entries) {
    const header = {name, mode, uid: owner, gid: owner};
    if (content === undefined) archive.entry({...header, type: 'directory'});
    else archive.entry(header, content);
  }
  archive.finalize();
  await container.putArchive(Readable.from(archive), {path: folder});
}
