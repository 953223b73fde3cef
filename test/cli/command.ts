import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Io } from '../../cli/io.js';
import { main } from '../../cli/program.js';

/** What a call of the command came to. */
export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How the world around a call is. */
export interface World {
  readonly stdin?: string;
  readonly columns?: number;
  readonly isTTY?: boolean;
  /** Handed the way to press Ctrl-C. */
  readonly interrupt?: (press: () => void) => void;
}

/** Runs the command in this process, its streams kept in texts. */
export async function engram(args: readonly string[], world: World = {}): Promise<Called> {
  const texts = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    Object.assign(
      new Writable({
        write(chunk, _, done) {
          texts[name] += String(chunk);
          done();
        },
      }),
      { columns: world.columns ?? 110, isTTY: world.isTTY ?? false },
    );
  let clockMs = 0;
  const io: Io = {
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]),
    stdout: stream('out'),
    stderr: stream('err'),
    env: {},
    nowMs: () => {
      clockMs += 5;
      return clockMs;
    },
    onInterrupt(stop) {
      world.interrupt?.(stop);
      return () => {};
    },
  };
  const code = await main(args, io);
  return { code, ...texts };
}

/** A new folder for the files of one test. */
export const folder = (): string => mkdtempSync(join(tmpdir(), 'engram-test-'));

/** A log of a daily season of 48 rows with one spike. */
export function dailyCsv(rows: number, { spike = -1 }: { spike?: number } = {}): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const time = new Date(Date.UTC(2024, 0, 1) + i * 1_800_000).toISOString();
    const wobble = ((i * 7919) % 101) / 101;
    const value = 100 + 40 * Math.sin((2 * Math.PI * i) / 48) + 6 * wobble + (i === spike ? 400 : 0);
    return `${time},${value.toFixed(3)}`;
  });
  return `timestamp,value\n${lines.join('\n')}\n`;
}
