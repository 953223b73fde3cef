import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawFetchOptions {
  readonly address: string;
  readonly topic: string;
  readonly partitions: number;
  /** Shown each batch of committed records as it lies in the log, unread, and how many records it holds. */
  readonly onBatch: (records: Buffer, count: number, partition: number) => void;
}

const headBytes = 61;
const controlBit = 0x20;
/** A topic that was just made: unknown yet, or without a leader. */
const passing = new Set([3, 5, 6]);

/**
 * Reads committed records of all partitions of a topic from a lone broker, without decoding them: a reader that needs next
 * to nothing of the machine on which something else is measured. Only for batches that are not packed, and without aborted
 * transactions, which it refuses.
 */
export class RawFetch {
  readonly #socket: Socket;
  readonly #next: number[];
  #stopped = false;
  #asked = 0;
  /** The last answer left a partition out. */
  #early = false;
  /** What has come of the answer. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #wake: () => void = () => {};
  readonly done: Promise<void>;

  constructor(readonly options: RawFetchOptions) {
    const [host, port] = options.address.split(':');
    this.#socket = connect(Number(port), host).setNoDelay(true);
    this.#next = Array<number>(options.partitions).fill(0);
    this.#socket.on('data', (part) => {
      this.#parts.push(part as Buffer);
      this.#bytes += part.length;
      this.#wake();
    });
    this.#socket.on('close', () => this.#wake());
    this.done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.done;
    this.#socket.destroy();
  }

  async #loop(): Promise<void> {
    await once(this.#socket, 'connect');
    while (!this.#stopped) {
      this.#socket.write(this.#request());
      const size = (await this.#take(4)).readInt32BE();
      this.#read(await this.#take(size));
      if (this.#early) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #take(size: number): Promise<Buffer> {
    while (this.#bytes < size) {
      if (this.#socket.destroyed) throw new Error('the broker has closed the connection');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = size < all.length ? [all.subarray(size)] : [];
    this.#bytes -= size;
    return all.subarray(0, size);
  }

  /** Fetch, version 4. */
  #request(): Buffer {
    const { topic, partitions } = this.options;
    const name = Buffer.from(topic);
    const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4 * 4 + 1 + 4 + 2 + name.length + 4 + 16 * partitions);
    let at = body.writeInt32BE(body.length - 4);
    at = body.writeInt16BE(1, at);
    at = body.writeInt16BE(4, at);
    at = body.writeInt32BE(this.#asked++, at);
    at = body.writeInt16BE(-1, at);
    at = body.writeInt32BE(-1, at);
    for (const [maxWaitMs, minBytes, maxBytes] of [[20, 1, 4 << 20]]) {
      at = body.writeInt32BE(maxWaitMs, at);
      at = body.writeInt32BE(minBytes, at);
      at = body.writeInt32BE(maxBytes, at);
    }
    at = body.writeInt8(1, at);
    at = body.writeInt32BE(1, at);
    at = body.writeInt16BE(name.length, at);
    at += name.copy(body, at);
    at = body.writeInt32BE(partitions, at);
    for (let partition = 0; partition < partitions; partition++) {
      at = body.writeInt32BE(partition, at);
      at = body.writeBigInt64BE(BigInt(this.#next[partition]), at);
      at = body.writeInt32BE(1 << 20, at);
    }
    return body;
  }

  #read(answer: Buffer): void {
    // Correlation, time of throttling, one topic and its name.
    let at = 4 + 4 + 4;
    at += 2 + answer.readInt16BE(at);
    const partitions = answer.readInt32BE(at);
    at += 4;
    this.#early = false;
    for (let i = 0; i < partitions; i++) {
      const partition = answer.readInt32BE(at);
      const error = answer.readInt16BE(at + 4);
      if (error !== 0 && !passing.has(error))
        throw new Error(`the broker answered error ${error} for partition ${partition}`);
      this.#early ||= error !== 0;
      // Behind high watermark and last stable offset.
      const aborted = answer.readInt32BE(at + 22);
      if (aborted > 0) throw new Error('a transaction was aborted, which this reader does not tell from others');
      const size = answer.readInt32BE(at + 26);
      at += 30;
      if (size > 0) this.#batches(answer.subarray(at, at + size), partition);
      at += Math.max(0, size);
    }
  }

  #batches(bytes: Buffer, partition: number): void {
    for (let at = 0; at + headBytes <= bytes.length; ) {
      const end = at + 12 + bytes.readInt32BE(at + 8);
      if (end > bytes.length) return;
      const first = Number(bytes.readBigInt64BE(at));
      // A batch may begin before the offset that was asked for.
      if (first >= this.#next[partition]) {
        const control = (bytes.readInt16BE(at + 21) & controlBit) !== 0;
        if (!control) this.options.onBatch(bytes.subarray(at + headBytes, end), bytes.readInt32BE(at + 57), partition);
        this.#next[partition] = first + bytes.readInt32BE(at + 23) + 1;
      }
      at = end;
    }
  }
}
