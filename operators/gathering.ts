import type { Event } from '../event.js';
import type { Layout, Row } from '../state/layout.js';

/** Events of different keys that wait to be taken at once. */
export class Gathering<L extends Layout, A extends Event, B> {
  readonly #keys = new Set<string>();
  #owns: Row<L>[] = [];
  #rows: A[] = [];
  #causes: number[] = [];

  constructor(
    readonly take: (owns: readonly Row<L>[], rows: readonly A[]) => readonly B[],
    readonly emit: (row: B, cause: number) => void,
  ) {}

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(row: A, cause: number, own: Row<L>): void {
    this.#keys.add(row.key);
    this.#owns.push(own);
    this.#rows.push(row);
    this.#causes.push(cause);
  }

  /** Takes what waits. */
  end(): void {
    if (this.#rows.length === 0) return;
    const [owns, rows, causes] = [this.#owns, this.#rows, this.#causes];
    this.#keys.clear();
    this.#owns = [];
    this.#rows = [];
    this.#causes = [];
    this.take(owns, rows).forEach((made, i) => {
      this.emit(made, causes[i]);
    });
  }
}
