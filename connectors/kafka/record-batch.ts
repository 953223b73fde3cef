import { crc32c } from './crc32c.js';
import type { Headers, Outgoing } from './record.js';

/** Who writes a batch, and where it stands in the count that the broker keeps of this writer and partition. */
export interface BatchStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly transactional: boolean;
}

/** Packs bytes, and the number that names the way in the batch. */
export interface Packing {
  readonly type: number;
  pack(bytes: Buffer): Promise<Buffer>;
}

/** Sequence numbers are 31 bits wide and begin again at 0. */
export const afterSequence = (sequence: number, count: number): number => (sequence + count) % 2 ** 31;

/** Bytes of a batch before its records: Kafka's format 2. */
const headBytes = 61;
/** What a record takes beside its key, value and headers, at most. */
const frameBytes = 32;

/**
 * Records of one partition in Kafka's own format, written as they come: kafkajs makes an object and a kilobyte of
 * memory per field of each record, copies the list of records once per record, and counts sequences wrongly at 2^31.
 */
export class RecordBatch {
  #bytes: Buffer;
  #end = headBytes;
  #count = 0;

  constructor(
    readonly timestampMs: number,
    sizeBytes = 64 * 1024,
  ) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes);
  }

  get count(): number {
    return this.#count;
  }

  /** Of the records, unpacked. */
  get sizeBytes(): number {
    return this.#end;
  }

  add({ key, value, headers = {} }: Pick<Outgoing, 'key' | 'value' | 'headers'>): void {
    const keyBytes = lengthOf(key);
    const valueBytes = lengthOf(value);
    const fields = fieldsOf(headers);
    let body = 2 + varintBytes(this.#count) + varintBytes(keyBytes) + varintBytes(valueBytes);
    body += Math.max(0, keyBytes) + Math.max(0, valueBytes) + varintBytes(fields.length);
    for (const field of fields) {
      body += varintBytes(field.nameBytes) + field.nameBytes;
      body += varintBytes(field.valueBytes) + Math.max(0, field.valueBytes);
    }
    this.#reserve(body + frameBytes);
    this.#varint(body);
    // Attributes, which records have none of, and the time since that of the batch.
    this.#bytes[this.#end++] = 0;
    this.#bytes[this.#end++] = 0;
    this.#varint(this.#count++);
    this.#put(key, keyBytes);
    this.#put(value, valueBytes);
    this.#varint(fields.length);
    for (const field of fields) {
      this.#put(field.name, field.nameBytes);
      this.#put(field.value, field.valueBytes);
    }
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + more));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let left = (value << 1) ^ (value >> 31);
    while (left >>> 7 !== 0) {
      bytes[this.#end++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    bytes[this.#end++] = left;
  }

  #put(part: Buffer | string | null, length: number): void {
    this.#varint(length);
    if (part === null) return;
    if (typeof part === 'string') this.#bytes.write(part, this.#end, length, 'utf8');
    else part.copy(this.#bytes, this.#end);
    this.#end += length;
  }

  /** The batch as it goes over the wire. */
  async bytes(stamp: BatchStamp, packing?: Packing): Promise<Buffer> {
    let bytes = this.#bytes.subarray(0, this.#end);
    if (packing) {
      const packed = await packing.pack(bytes.subarray(headBytes));
      bytes = Buffer.concat([bytes.subarray(0, headBytes), packed]);
    }
    bytes.writeBigInt64BE(0n, 0);
    bytes.writeInt32BE(bytes.length - 12, 8);
    // The epoch of the leader: the broker writes it.
    bytes.writeInt32BE(-1, 12);
    bytes.writeInt8(2, 16);
    bytes.writeInt16BE((packing?.type ?? 0) | (stamp.transactional ? 0x10 : 0), 21);
    bytes.writeInt32BE(this.#count - 1, 23);
    bytes.writeBigInt64BE(BigInt(this.timestampMs), 27);
    bytes.writeBigInt64BE(BigInt(this.timestampMs), 35);
    bytes.writeBigInt64BE(stamp.producerId, 43);
    bytes.writeInt16BE(stamp.producerEpoch, 51);
    bytes.writeInt32BE(stamp.firstSequence, 53);
    bytes.writeInt32BE(this.#count, 57);
    bytes.writeUInt32BE(crc32c(bytes, 21), 17);
    return bytes;
  }
}

interface Field {
  readonly name: string;
  readonly nameBytes: number;
  readonly value: Buffer | string | null;
  readonly valueBytes: number;
}

/** Headers in order; a name with several values comes several times. */
function fieldsOf(headers: Headers): Field[] {
  const fields: Field[] = [];
  for (const name in headers) {
    const nameBytes = Buffer.byteLength(name);
    const at = headers[name];
    for (const value of Array.isArray(at) ? at : [at ?? null]) {
      fields.push({ name, nameBytes, value, valueBytes: lengthOf(value) });
    }
  }
  return fields;
}

/** Bytes of a part; -1 is how the format writes that there is none. */
const lengthOf = (part: Buffer | string | null): number =>
  part === null ? -1 : typeof part === 'string' ? Buffer.byteLength(part) : part.length;

function varintBytes(value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 7;
  let bytes = 1;
  while (left !== 0) {
    bytes++;
    left >>>= 7;
  }
  return bytes;
}
