import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppendFile, syncFolder } from '../append.js';
import { keepRefused } from './refused.js';
import type { Delivery } from './sink.js';

/** What a journal found when it was opened. */
export interface Found {
  /** Records from the newest snapshot on, which is the first of them. */
  readonly records: readonly unknown[];
  /** Bytes behind the last whole record that a crash or the disk has spoilt; kept beside as `.damaged` if records were. */
  readonly spoiltBytes: number;
}

/** Where a queue notes what came and what went, so that another process can go on from there. */
export interface AlertJournal {
  /** Bytes since the last snapshot, and of that snapshot. */
  readonly bytes: number;
  readonly snapshotBytes: number;
  /** Keeps what a receiver refuses for good, at the latest when the next record is; without it only the event tells of it. */
  keepRefused?(delivery: Delivery, error: string): Promise<void>;
  open(): Promise<Found>;
  append(records: readonly unknown[]): Promise<void>;
  sync(): Promise<void>;
  compact(snapshot: unknown): Promise<void>;
  close(): Promise<void>;
  /** Waits until a delivery may go: all that was noted holds, and nobody else hands on the same. Throws when it is too late. */
  ready?(): Promise<void>;
}

const magic = Buffer.from('ENGRAMJ1');
const headBytes = 8;
/** Nothing we write is longer: a length above it is damage. */
const recordBytesMax = 256 * 1024 * 1024;

/**
 * Records that outlive the process: segments that only grow, each record as JSON behind its length and CRC-32. A snapshot
 * begins a segment of its own and makes the earlier ones needless.
 */
export class Journal implements AlertJournal {
  #file: AppendFile | undefined;
  #number = 0;
  #snapshotBytes = 0;

  constructor(readonly folder: string) {}

  keepRefused(delivery: Delivery, error: string): Promise<void> {
    return keepRefused(join(this.folder, 'refused.ndjson'), delivery, error);
  }

  /** Bytes since the last snapshot. */
  get bytes(): number {
    return (this.#file?.bytes ?? 0) - this.#snapshotBytes;
  }

  /** Bytes of the last snapshot: what the next one will cost about. */
  get snapshotBytes(): number {
    return this.#snapshotBytes;
  }

  /** Reads what is there, cuts off what is not whole, and goes on behind it. */
  async open(): Promise<Found> {
    await mkdir(this.folder, { recursive: true });
    const numbers = (await readdir(this.folder)).flatMap((name) => /^(\d{10})\.seg$/.exec(name)?.[1] ?? []).map(Number);
    numbers.sort((a, b) => b - a);
    for (const number of numbers) {
      const bytes = await readFile(this.#path(number));
      const { records, end } = recordsOf(bytes);
      // A segment without a first record is one whose making was cut short: the one before it still holds.
      if (records.length === 0 && number !== numbers.at(-1)) continue;
      const spoiltBytes = bytes.length - end;
      if (spoiltBytes > 0) await this.#keep(number, bytes.subarray(end));
      await this.#begin(number, Math.max(end, 0));
      this.#snapshotBytes = 0;
      for (const other of numbers) if (other !== number) await rm(this.#path(other), { force: true });
      return { records, spoiltBytes };
    }
    await this.#begin(1, 0);
    return { records: [], spoiltBytes: 0 };
  }

  /** Adds records in one write. */
  async append(records: readonly unknown[]): Promise<void> {
    if (records.length > 0) await this.#open().append(Buffer.concat(records.map(framed)));
  }

  /** Waits until all is on the disk. */
  async sync(): Promise<void> {
    await this.#open().sync();
  }

  /** Begins a new segment with what all records so far have come to, and removes the earlier ones. */
  async compact(snapshot: unknown): Promise<void> {
    const earlier = this.#number;
    const number = earlier + 1;
    const bytes = Buffer.concat([magic, framed(snapshot)]);
    const beside = `${this.#path(number)}.tmp`;
    const handle = await open(beside, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, this.#path(number));
    await syncFolder(this.folder);
    await this.#file?.close();
    await this.#begin(number, bytes.length);
    this.#snapshotBytes = bytes.length;
    await rm(this.#path(earlier), { force: true });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #begin(number: number, bytes: number): Promise<void> {
    this.#number = number;
    this.#file = new AppendFile(this.#path(number));
    await this.#file.open(bytes);
    if (bytes === 0) await this.#file.append(magic);
  }

  /** Whatever cannot be read stays for whoever wants to look at it; a record that a crash cut off is not worth it. */
  async #keep(number: number, spoilt: Buffer): Promise<void> {
    const cutOff = spoilt.length < headBytes || spoilt.readUInt32LE(0) > spoilt.length - headBytes;
    if (!cutOff) await writeFile(`${this.#path(number)}.damaged`, spoilt);
  }

  #path(number: number): string {
    return join(this.folder, `${String(number).padStart(10, '0')}.seg`);
  }

  #open(): AppendFile {
    if (!this.#file) throw new Error(`${this.folder}: expected an open journal: call open first`);
    return this.#file;
  }
}

function framed(record: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(record));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** The whole records from the start on, and the byte after the last of them. */
function recordsOf(bytes: Buffer): { records: unknown[]; end: number } {
  const records: unknown[] = [];
  if (!bytes.subarray(0, magic.length).equals(magic)) return { records, end: 0 };
  let end = magic.length;
  while (end + headBytes <= bytes.length) {
    const length = bytes.readUInt32LE(end);
    const from = end + headBytes;
    if (length > recordBytesMax || from + length > bytes.length) break;
    const payload = bytes.subarray(from, from + length);
    if (crc32(payload) !== bytes.readUInt32LE(end + 4)) break;
    records.push(JSON.parse(payload.toString('utf8')));
    end = from + length;
  }
  return { records, end };
}
