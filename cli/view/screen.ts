/** The part of a terminal stream that is needed; `process.stderr` is one. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Lines at the end of a terminal that are drawn again in place. */
export class Screen {
  #drawn = 0;

  constructor(readonly terminal: Terminal) {}

  get width(): number {
    return this.terminal.columns || 80;
  }

  /** Replaces what was drawn; lines must not be wider than the terminal, or they would wrap and be lost count of. */
  draw(lines: readonly string[]): void {
    const back = this.#drawn > 0 ? `\u001B[${this.#drawn}A` : '\u001B[?25l';
    this.terminal.write(`${back}${lines.map((line) => `\r\u001B[2K${line}\n`).join('')}\u001B[0J`);
    this.#drawn = lines.length;
  }

  /** Leaves what is drawn where it is and gives the cursor back; may be called twice. */
  release(): void {
    if (this.#drawn > 0) this.terminal.write('\u001B[?25h');
    this.#drawn = 0;
  }
}
