import {type Instance, render, useInput, useStdout} from 'ink';
import {useEffect, useRef, useSyncExternalStore} from 'react';
import {type App, createApp, type Leaving} from './app.ts';
import {editorCommand, runEditor} from './editor.ts';
import {keyNames} from './key-name.ts';
import {showsUnicode} from './looks.ts';
import {Screen} from './screen.tsx';
import type {ScreenSession} from './session.ts';
import {createTerminal} from './terminal.ts';

export interface MountOptions {
  readonly session: ScreenSession;
  readonly workspace: string;
  readonly lab?: string | undefined;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Shows the screen until the learner leaves it. */
export async function showScreen(options: MountOptions): Promise<Leaving> {
  const {session, workspace, lab, stdin, env} = options;
  const terminal = createTerminal(options.stdout);
  const unicode = showsUnicode(env);
  const printed = {count: 0};
  let instance: Instance | undefined;
  const app = createApp({session, workspace, lab, size: terminal.size(), edit: file => editAway(file)});
  const put = () => {
    instance = render(<Live app={app} unicode={unicode} printed={printed} />, {
      stdout: terminal.stdout,
      stdin,
      exitOnCtrlC: false,
      patchConsole: true,
    });
  };
  const take = async () => {
    instance?.clear();
    instance?.unmount();
    await instance?.waitUntilExit();
    instance = undefined;
    // Otherwise this process goes on reading the terminal and takes every other key from the editor.
    stdin.pause();
  };
  const editAway = async (file: string): Promise<string | undefined> => {
    const command = editorCommand(env);
    if (command === undefined) return `Neither $VISUAL nor $EDITOR is set; edit ${file}`;
    await take();
    try {
      return await runEditor(command, file);
    } finally {
      app.resize(terminal.size());
      put();
    }
  };
  const interrupted = () => app.leave({exit: 130, keepSystem: true});
  process.on('SIGINT', interrupted);
  const unsubscribe = terminal.onResize(() => app.resize(terminal.size()));
  try {
    put();
    return await app.left;
  } finally {
    unsubscribe();
    app.stop();
    await take();
    process.off('SIGINT', interrupted);
  }
}

interface LiveProps {
  readonly app: App;
  readonly unicode: boolean;
  /** How many of the finished lines the terminal's history has already. */
  readonly printed: {count: number};
}

/** The screen, connected to what it shows and to the keyboard. */
export function Live({app, unicode, printed}: LiveProps) {
  const state = useSyncExternalStore(app.store.subscribe, app.store.state);
  const {write} = useStdout();
  const press = useRef(app.press);
  press.current = app.press;
  useInput((input, key) => {
    for (const name of keyNames(input, key)) press.current(name);
  });
  useEffect(() => {
    for (const line of state.finished.slice(printed.count)) write(`${line}\n`);
    printed.count = state.finished.length;
  }, [state.finished, printed, write]);
  return <Screen state={state} unicode={unicode} />;
}
