import type {ControlChannel} from './control-channel.ts';

export interface ExitGuard {
  /** The kit's own way out. */
  exit(code: number): never;
}

/** Reports every `process.exit` that does not come from the kit, with where it came from, and honours it. */
export function guardExit(channel: Pick<ControlChannel, 'report'>): ExitGuard {
  const exit = process.exit.bind(process);
  process.exit = rawCode => {
    const code = Number(rawCode ?? process.exitCode ?? 0);
    channel.report({type: 'exit-called', code, stack: new Error('process.exit was called').stack ?? ''});
    return exit(rawCode);
  };
  return {exit};
}
