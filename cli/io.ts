import type { Readable, Writable } from 'node:stream';
import { exitCodes } from './failure.js';

/** What the command touches of the world; tests hand it another one. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of a clock that only goes forward. */
  nowMs(): number;
  /** Calls back when the user wants to stop (Ctrl-C); returns how to no longer be called. */
  onInterrupt(stop: () => void): () => void;
}

export const processIo: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  nowMs: () => performance.now(),
  onInterrupt(stop) {
    let asked = false;
    const heard = (): void => {
      // Asked twice: whoever asks does not want to wait for the rows at hand.
      if (asked) {
        if (process.stderr.isTTY) process.stderr.write('\u001B[?25h\n');
        process.exit(exitCodes.interrupted);
      }
      asked = true;
      stop();
    };
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) process.on(signal, heard);
    return () => {
      for (const signal of signals) process.off(signal, heard);
    };
  },
};

/** Colours: never when NO_COLOR is set or the terminal is dumb, else where a person looks. */
export const coloured = ({ env }: Io, { isTTY }: { readonly isTTY?: boolean }): boolean =>
  isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
