import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {editorCommand, runEditor} from './editor.ts';

describe('the editor', () => {
  it('is $VISUAL, then $EDITOR', () => {
    expect(editorCommand({VISUAL: 'code --wait', EDITOR: 'vi'})).toBe('code --wait');
    expect(editorCommand({VISUAL: ' ', EDITOR: 'vi'})).toBe('vi');
    expect(editorCommand({})).toBeUndefined();
  });

  it('gets the file as one argument after its own, whatever the file is called', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'teralab editor $HOME '));
    const file = join(folder, "it's mine.ts");
    const script = join(folder, 'editor.sh');
    await writeFile(script, 'printf "%s" "$1" > "$2"\n');
    await expect(runEditor(`sh '${script}' saved`, file)).resolves.toBeUndefined();
    await expect(readFile(file, 'utf8')).resolves.toBe('saved');
    await rm(folder, {recursive: true});
  });

  it('that fails is told with the file', async () => {
    await expect(runEditor('exit 3;', '/w/publisher.ts')).resolves.toContain(
      'ended with 3; your file is /w/publisher.ts',
    );
  });
});
