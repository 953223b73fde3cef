const pageBytes = 65_536;
/** Below this lie the constants of the kernels. */
const floorBytes = pageBytes;
/** 4 GiB, all that 32-bit addresses reach; less where the machine will not reserve so much. */
const ceilingsPages = [65_536, 32_768, 16_384, 8_192];

/**
 * Blocks of WebAssembly memory that never move: views of a block stay good while the memory grows, because it is a
 * shared memory, whose bytes are reserved up front and only handed out later.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #ceilingBytes: number;
  /** Blocks given back, by address; neighbours are merged. */
  readonly #free: { at: number; bytes: number }[] = [];
  #limitBytes: number;
  #end = floorBytes;
  /** Bytes from here on were never handed out, so they are zero. */
  #dirty = floorBytes;
  #used = 0;

  constructor(limitBytes = 2 ** 31) {
    const { memory, pages } = reserve();
    this.memory = memory;
    this.#ceilingBytes = pages * pageBytes;
    this.#limitBytes = limitBytes;
  }

  /** All bytes; views of it may be made at any address that `take` gave. */
  get buffer(): ArrayBuffer {
    return this.memory.buffer as unknown as ArrayBuffer;
  }

  /** Bytes handed out now. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes that may be handed out at once. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  set limitBytes(bytes: number) {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > this.#ceilingBytes) {
      throw new RangeError(`state limit: expected a whole number of bytes up to ${this.#ceilingBytes}, got ${bytes}`);
    }
    this.#limitBytes = bytes;
  }

  /** The address of a new block of zeros, a multiple of 64; throws when the limit would be passed. */
  take(bytes: number): number {
    const size = blockBytes(bytes);
    if (this.#used + size > this.#limitBytes) throw this.#full(size, this.#limitBytes);
    const at = this.#reuse(size) ?? this.#grow(size);
    this.#used += size;
    if (at < this.#dirty) new Uint8Array(this.buffer, at, Math.min(size, this.#dirty - at)).fill(0);
    this.#dirty = Math.max(this.#dirty, at + size);
    return at;
  }

  /** Gives a block back; nothing may use its views any more. */
  give(at: number, bytes: number): void {
    const size = blockBytes(bytes);
    const next = this.#free.findIndex((block) => block.at > at);
    const index = next < 0 ? this.#free.length : next;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    const overlaps = (before && before.at + before.bytes > at) || (after && at + size > after.at);
    if (overlaps || at < floorBytes || at + size > this.#end || at % 64 !== 0) {
      throw new RangeError(`expected a block in use, got ${size} bytes at ${at}: it was given back before`);
    }
    this.#used -= size;
    const block = { at, bytes: size };
    if (after && at + size === after.at) {
      block.bytes += after.bytes;
      this.#free.splice(index, 1);
    }
    if (before && before.at + before.bytes === at) before.bytes += block.bytes;
    else this.#free.splice(index, 0, block);
    const last = this.#free.at(-1);
    if (last && last.at + last.bytes === this.#end) {
      this.#end = last.at;
      this.#free.pop();
    }
  }

  /** The start of the first free block that is large enough. */
  #reuse(size: number): number | undefined {
    const index = this.#free.findIndex((block) => block.bytes >= size);
    const block = this.#free[index];
    if (!block) return undefined;
    const { at } = block;
    block.at += size;
    block.bytes -= size;
    if (block.bytes === 0) this.#free.splice(index, 1);
    return at;
  }

  #grow(size: number): number {
    const at = this.#end;
    if (at + size > this.#ceilingBytes) throw this.#full(size, this.#ceilingBytes);
    const lacking = Math.ceil((at + size - this.buffer.byteLength) / pageBytes);
    if (lacking > 0) {
      try {
        this.memory.grow(lacking);
      } catch {
        throw this.#full(size, this.buffer.byteLength);
      }
    }
    this.#end = at + size;
    return at;
  }

  #full(size: number, limit: number): RangeError {
    return new RangeError(
      `state needs ${this.#used + size} bytes (${this.#used} in use + ${size} wanted) but the limit is ` +
        `${limit}: lower the number of keys, choose a smaller memory, or raise the limit`,
    );
  }
}

function blockBytes(bytes: number): number {
  if (!Number.isInteger(bytes) || bytes < 0) throw new RangeError(`expected a whole number of bytes, got ${bytes}`);
  return Math.max(64, Math.ceil(bytes / 64) * 64);
}

function reserve(): { memory: WebAssembly.Memory; pages: number } {
  for (const pages of ceilingsPages) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 2, maximum: pages, shared: true }), pages };
    } catch {
      // Address space is scarce here (ulimit -v, small containers): ask for less.
    }
  }
  throw new RangeError(
    `expected ${(ceilingsPages.at(-1) as number) * pageBytes} bytes of address space for state, the system refused: ` +
      'raise the limit on virtual memory (ulimit -v)',
  );
}

/** The memory of this process: pages of state and the kernels that work on them share it. */
export const arena = new Arena();
