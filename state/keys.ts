/** How many keys a step remembers, and what happens when one more comes. */
export interface KeyLimit {
  readonly limit: number;
  /** `reject`: rows of further keys are refused. `evict`: the key unseen for longest is forgotten. */
  readonly whenFull: 'reject' | 'evict';
}

export const keyLimitDefault: KeyLimit = { limit: 10_000, whenFull: 'reject' };

/** True for text that UTF-8 can hold; half a surrogate pair would come back from a checkpoint as another key. */
export const isKey = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Which row belongs to which key: rows are numbered 0, 1, 2 …, and the lowest free one is given out first. */
export class Keys {
  /** In order of last use when `whenFull` is `evict`, else in order of arrival. */
  readonly #rows = new Map<string, number>();
  readonly #names: (string | null)[] = [];
  /** Descending, so that which row comes next depends on what is free and not on the history: a restart changes nothing. */
  readonly #free: number[] = [];

  constructor(readonly policy: KeyLimit = keyLimitDefault) {
    if (!Number.isInteger(policy.limit) || policy.limit < 1) {
      throw new RangeError(`keys.limit: expected a whole number of at least 1, got ${policy.limit}`);
    }
    if (policy.whenFull !== 'reject' && policy.whenFull !== 'evict') {
      throw new RangeError(`keys.whenFull: expected "reject" or "evict", got ${JSON.stringify(policy.whenFull)}`);
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row of a key, or undefined if it is not known; counts as a use. */
  find(key: string): number | undefined {
    const row = this.#rows.get(key);
    if (row !== undefined && this.policy.whenFull === 'evict') {
      this.#rows.delete(key);
      this.#rows.set(key, row);
    }
    return row;
  }

  /** A row for a new key: fresh, freed or taken from the key unseen for longest; undefined when full. */
  admit(key: string): number | undefined {
    if (this.#rows.has(key)) throw new RangeError(`expected a new key, got ${JSON.stringify(key)}, which has a row`);
    if (!isKey(key)) {
      throw new RangeError(`expected a key of whole characters, got ${JSON.stringify(key)}: half a surrogate pair`);
    }
    if (this.#rows.size >= this.policy.limit) {
      if (this.policy.whenFull === 'reject') return undefined;
      this.drop(this.#rows.keys().next().value as string);
    }
    const row = this.#free.pop() ?? this.#names.length;
    this.#rows.set(key, row);
    this.#names[row] = key;
    return row;
  }

  /** Forgets a key; its row may be given to another. Unknown keys are ignored. */
  drop(key: string): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    this.#names[row] = null;
    let at = this.#free.length;
    while (at > 0 && (this.#free[at - 1] as number) < row) at--;
    this.#free.splice(at, 0, row);
  }

  /** Keys and their rows, from the least to the most recently used. */
  entries(): IterableIterator<[string, number]> {
    return this.#rows.entries();
  }

  /** The key of each row, null where the row is free. */
  get names(): readonly (string | null)[] {
    return this.#names;
  }

  /** The rows in the order of `entries`: what must be saved beside `names` to restore this object. */
  get order(): Uint32Array {
    return Uint32Array.from(this.#rows.values());
  }

  /** Rebuilds from what `names` and `order` gave; refuses what no `Keys` ever gives. */
  static of(names: readonly (string | null)[], order: ArrayLike<number>, policy: KeyLimit): Keys {
    const keys = new Keys(policy);
    for (const name of names) keys.#names.push(name);
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      const name = names[row];
      if (typeof name !== 'string' || keys.#rows.has(name)) {
        throw new RangeError(`expected one row for every key, got row ${row} for ${JSON.stringify(name)}`);
      }
      keys.#rows.set(name, row);
    }
    for (let row = names.length - 1; row >= 0; row--) if (names[row] === null) keys.#free.push(row);
    if (keys.#rows.size + keys.#free.length !== names.length) {
      throw new RangeError(`expected every key in the order once, got ${order.length} of ${names.length} rows`);
    }
    if (keys.#rows.size > policy.limit) {
      throw new RangeError(`keys.limit: expected at least the ${keys.#rows.size} keys saved, got ${policy.limit}`);
    }
    return keys;
  }
}
