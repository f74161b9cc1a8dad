import {bar, seconds} from './figures.ts';
import {padEnd} from './text.ts';

/** What something that takes time says of itself, on stderr. */
export interface Progress {
  /** What is waited for now, and how far it is (0..1, where that is known). Replaces what was said before. */
  step(text: string, share?: number): void;
  /** A line that stays. */
  note(text: string): void;
  /** Takes the updating line away. */
  stop(): void;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Where lines cannot be updated, silence longer than this is broken by a line. */
const REMINDER_MS = 10_000;

/** One line that updates itself on a terminal; elsewhere a plain line for each step, and a reminder while one lasts. */
export function createProgress(stream: ProgressStream, updates = stream.isTTY === true): Progress {
  return updates ? updatingLine(stream) : plainLines(stream);
}

function updatingLine(stream: ProgressStream): Progress {
  let text = '';
  let share: number | undefined;
  let since = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => void stream.write('\r\u001b[K');
  const draw = (): void => {
    const elapsed = Date.now() - since;
    const tail = [share === undefined ? '' : `[${padEnd(bar(share, 16), 16)}]`, elapsed < 1000 ? '' : seconds(elapsed)]
      .filter(part => part !== '')
      .join(' ');
    const room = (stream.columns ?? 80) - tail.length - 4;
    const shown = [...text];
    const head = shown.length > room ? `${shown.slice(0, Math.max(0, room - 1)).join('')}…` : text;
    stream.write(`\r\u001b[K${FRAMES[frame % FRAMES.length]} ${head} ${tail}`);
    frame++;
  };
  return {
    step: (next, nextShare) => {
      if (next !== text) since = Date.now();
      text = next;
      share = nextShare;
      if (timer === undefined) {
        timer = setInterval(draw, FRAME_MS).unref();
        draw();
      }
    },
    note: line => {
      if (timer !== undefined) clear();
      stream.write(`${line}\n`);
      if (timer !== undefined) draw();
    },
    stop: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      text = '';
      clear();
    },
  };
}

function plainLines(stream: ProgressStream): Progress {
  let last = '';
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  let share: number | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    last = '';
  };
  const remind = (): void =>
    void stream.write(
      `still: ${last} (${seconds(Date.now() - since)}${share === undefined ? '' : `, ${Math.round(share * 100)} %`})\n`,
    );
  return {
    step: (text, nextShare) => {
      share = nextShare;
      if (text === last) return;
      clearInterval(timer);
      last = text;
      since = Date.now();
      timer = setInterval(remind, REMINDER_MS).unref();
      stream.write(`${text}\n`);
    },
    note: line => void stream.write(`${line}\n`),
    stop,
  };
}
