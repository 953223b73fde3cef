const pageBytes = 65_536;
/** Below this lie the constants of the kernels. */
const floorBytes = pageBytes;
const ceilingPages = 65_536;

/**
 * Blocks of WebAssembly memory that never move: views of a block stay good while the memory grows, because it is a
 * shared memory, whose bytes are reserved up front and only handed out later.
 */
export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 2, maximum: ceilingPages, shared: true });
  readonly #free = new Map<number, number[]>();
  #end = floorBytes;
  #used = 0;

  constructor(readonly limitBytes = 2 ** 31) {}

  /** All bytes; views of it may be made at any address that `take` gave. */
  get buffer(): ArrayBuffer {
    return this.memory.buffer as unknown as ArrayBuffer;
  }

  /** Bytes handed out now. */
  get usedBytes(): number {
    return this.#used;
  }

  /** The address of a new block of zeros, a multiple of 64; throws when the limit would be passed. */
  take(bytes: number): number {
    const size = Math.max(64, Math.ceil(bytes / 64) * 64);
    if (this.#used + size > this.limitBytes) {
      throw new RangeError(
        `state needs ${this.#used + size} bytes (${this.#used} in use + ${size} wanted) but the limit is ` +
          `${this.limitBytes}: lower the number of keys, choose a smaller memory, or raise the limit`,
      );
    }
    this.#used += size;
    const again = this.#free.get(size)?.pop();
    if (again !== undefined) {
      new Uint8Array(this.buffer, again, size).fill(0);
      return again;
    }
    const at = this.#end;
    this.#end += size;
    const lacking = Math.ceil((this.#end - this.buffer.byteLength) / pageBytes);
    if (lacking > 0) this.memory.grow(lacking);
    return at;
  }

  /** Gives a block back; nothing may use its views any more. */
  give(at: number, bytes: number): void {
    const size = Math.max(64, Math.ceil(bytes / 64) * 64);
    this.#used -= size;
    const list = this.#free.get(size);
    if (list) list.push(at);
    else this.#free.set(size, [at]);
  }
}

/** The memory of this process: pages of state and the kernels that work on them share it. */
export const arena = new Arena();
