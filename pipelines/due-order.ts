/** Something that comes due: when, and its place among those that are due at once. */
interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly key: string;
}

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/**
 * What is due first, of many whose times change: a binary heap in which what has changed since stays until it comes up and is
 * found to be out of date. O(log n) a change, where a look at all would make telling all of n quadratic.
 */
export class DueOrder {
  #heap: Due[] = [];
  /** Places among those that are due at once: who was noted first. */
  readonly #orders = new Map<string, number>();
  #noted = 0;

  /** `dueOf` gives when a key is due now; undefined where there is nothing of that name. */
  constructor(readonly dueOf: (key: string) => number | undefined) {}

  get size(): number {
    return this.#heap.length;
  }

  /** Takes in that the time of a key may have changed. */
  note(key: string): void {
    const atMs = this.dueOf(key);
    if (atMs === undefined) {
      this.#orders.delete(key);
      return;
    }
    const order = this.#orders.get(key) ?? this.#noted++;
    this.#orders.set(key, order);
    if (atMs < Number.POSITIVE_INFINITY) this.#push({ atMs, order, key });
  }

  /** Begins anew with these, in the order in which they were noted. */
  fill(keys: Iterable<string>): void {
    this.#heap = [];
    for (const key of keys) this.note(key);
  }

  /** The first, which stays. */
  first(): { readonly atMs: number; readonly key: string } | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.dueOf(top.key) === top.atMs && this.#orders.get(top.key) === top.order) return top;
      this.#pop();
      this.note(top.key);
    }
    return undefined;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(due, heap[above] as Due)) break;
      heap[at] = heap[above] as Due;
      at = above;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const next = right < heap.length && isBefore(heap[right] as Due, heap[left] as Due) ? right : left;
      if (!isBefore(heap[next] as Due, last)) break;
      heap[at] = heap[next] as Due;
      at = next;
    }
    heap[at] = last;
  }
}
