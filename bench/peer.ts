import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** A contender in a process of its own, asked in turns over lines of JSON. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcess,
    lines: Interface,
    readonly version: string,
    iterator: AsyncIterator<string>,
  ) {
    this.#child = child;
    this.#lines = iterator;
    lines.on('close', () => {});
  }

  /** Starts it, or says on standard error why it is not run. */
  static async start(name: string, command: string, args: readonly string[]): Promise<Peer | undefined> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    const failed = new Promise<undefined>((resolve) => {
      child.on('error', (error) => {
        said += error.message;
        resolve(undefined);
      });
      child.on('exit', () => resolve(undefined));
    });
    const lines = createInterface({ input: child.stdout });
    const iterator = lines[Symbol.asyncIterator]();
    const first = await Promise.race([iterator.next(), failed]);
    if (first === undefined || first.done) {
      const reason = said.trim().split('\n').at(-1) ?? 'it ended at once';
      process.stderr.write(`${name}: not run (${reason})\n`);
      return undefined;
    }
    const { version } = JSON.parse(first.value) as { version: string };
    return new Peer(child, lines, version, iterator);
  }

  /** Microseconds per series of one kind of work, measured for some milliseconds, and what it made of h. */
  async ask(what: string, d: number, ms: number): Promise<{ micros: number; h: readonly number[] }> {
    this.#child.stdin?.write(`${JSON.stringify({ what, d, ms })}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`a peer ended while it was asked for ${what} ${d}`);
    return JSON.parse(line.value) as { micros: number; h: number[] };
  }

  end(): void {
    this.#child.stdin?.end();
  }
}
