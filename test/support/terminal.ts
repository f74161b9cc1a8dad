import {execa} from 'execa';
import {bin, type Learner} from './learner.ts';
import {until} from './until.ts';

const EXITED = '[exited';

/** A real terminal: tmux, on a server of its own, that runs `teralab` with these arguments. */
export interface Terminal extends AsyncDisposable {
  /** What it shows now, one string a line, without the blanks at the ends. */
  lines(): Promise<readonly string[]>;
  /** Presses keys, by tmux's names: `Tab`, `Escape`, `c`. */
  press(...keys: readonly string[]): Promise<void>;
  /** Waits until it shows a text. Default bound 30 s. */
  shows(text: string | RegExp, boundMs?: number): Promise<readonly string[]>;
  /** Waits for the command's end and gives its exit code. */
  exitCode(): Promise<number>;
}

export async function openTerminal(
  learner: Learner,
  {columns, rows}: {readonly columns: number; readonly rows: number},
  ...args: readonly string[]
): Promise<Terminal> {
  const server = `teralab-e2e-${process.pid}-${columns}x${rows}`;
  const tmux = async (...words: readonly string[]): Promise<string> => {
    const {stdout} = await execa('tmux', ['-L', server, '-f', '/dev/null', ...words], {
      env: learner.env,
      extendEnv: false,
      cwd: learner.folder,
    });
    return stdout;
  };
  // A shell around it keeps the last screen and tells the exit code; `cat` waits for nothing.
  const command = [process.execPath, bin, ...args].map(word => `'${word}'`).join(' ');
  await tmux(
    ...['new-session', '-d', '-x', String(columns), '-y', String(rows)],
    `sh -c "${command}; echo '${EXITED}' \\$?']'; cat"`,
  );
  const lines = async (): Promise<readonly string[]> =>
    (await tmux('capture-pane', '-p')).split('\n').map(line => line.trimEnd());
  const shows: Terminal['shows'] = async (text, boundMs = 30_000) => {
    let last: readonly string[] = [];
    await until(
      `the terminal shows ${text}`,
      async () => {
        last = await lines();
        const all = last.join('\n');
        return typeof text === 'string' ? all.includes(text) : text.test(all);
      },
      {boundMs, seen: () => `It shows:\n${last.join('\n')}`},
    );
    return last;
  };
  return {
    lines,
    press: async (...keys) => {
      await tmux('send-keys', ...keys);
    },
    shows,
    exitCode: async () => {
      const all = (await shows(EXITED)).join('\n');
      return Number(/\[exited (\d+)/.exec(all)?.[1]);
    },
    [Symbol.asyncDispose]: async () => {
      await tmux('kill-server').catch(() => undefined);
    },
  };
}
