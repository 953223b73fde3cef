import { createRequire } from 'node:module';
import { otherVersion } from './internals.js';
import type { Packing, RecordBatch } from './record-batch.js';

/** A message of kafkajs that stands for a whole batch: its records are written already, in the broker's own format. */
export interface PreparedMessage {
  readonly partition: number;
  readonly value: null;
  readonly prepared: { readonly batch: RecordBatch; readonly firstSequence: number; readonly packing?: Packing };
}

interface ProduceOptions {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId: number | string;
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly object[] }[];
  }[];
}

interface Request {
  encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
}

let taking = false;

/** Teaches kafkajs to take prepared messages; requests that hold none are left as they are. */
export function takePrepared(): void {
  if (taking) return;
  const produce = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce') as {
    protocol(of: { version: number }): (options: ProduceOptions) => { request: Request };
  };
  const { protocol } = produce;
  if (typeof protocol !== 'function') throw otherVersion();
  produce.protocol = (of) => {
    const make = protocol(of);
    return (options) => {
      const made = make(options);
      const [first] = options.topicData[0]?.partitions[0]?.messages ?? [];
      if (first && 'prepared' in first) made.request.encode = () => encodeProduce(options);
      return made;
    };
  };
  taking = true;
}

/** A produce request of version 3 to 8: id, acknowledgements, time limit, then topics, partitions and their batches. */
async function encodeProduce(options: ProduceOptions): Promise<{ buf: Buffer; buffer: Buffer }> {
  const { acks, timeout, transactionalId, producerEpoch, topicData } = options;
  const parts: Buffer[] = [];
  const int = (value: number, bytes: 2 | 4): void => {
    const part = Buffer.allocUnsafe(bytes);
    part.writeIntBE(value, 0, bytes);
    parts.push(part);
  };
  const text = (value: string | null): void => {
    int(value === null ? -1 : Buffer.byteLength(value), 2);
    if (value !== null) parts.push(Buffer.from(value));
  };
  text(transactionalId ?? null);
  int(acks, 2);
  int(timeout, 4);
  int(topicData.length, 4);
  for (const { topic, partitions } of topicData) {
    text(topic);
    int(partitions.length, 4);
    for (const { partition, messages } of partitions) {
      const [{ prepared }] = messages as readonly PreparedMessage[];
      const bytes = await prepared.batch.bytes(
        {
          producerId: BigInt(options.producerId),
          producerEpoch,
          firstSequence: prepared.firstSequence,
          transactional: transactionalId !== null && transactionalId !== undefined,
        },
        prepared.packing,
      );
      int(partition, 4);
      int(bytes.length, 4);
      parts.push(bytes);
    }
  }
  const whole = Buffer.concat(parts);
  return { buf: whole, buffer: whole };
}
