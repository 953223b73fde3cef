import { isMark, type RecordDecoder, type Refusal } from '../connectors/kafka/decode.js';
import type { KafkaRecord } from '../connectors/kafka/record.js';
import type { Batch, Event, Mark, Reject } from '../event.js';

/** Records that are decoded together, and what they say. Only behind the last of them do state and offset agree again. */
export interface Slice {
  readonly records: readonly KafkaRecord[];
  readonly rows: readonly Event[];
  readonly rejects: readonly Reject[];
  /** Keys to be forgotten, with the offset that says so. */
  readonly forget: readonly { readonly key: string; readonly offset: number }[];
  readonly marks: readonly Mark[];
}

/**
 * Decodes records from an index on, at most `most` of them, and no more once they have given as many rows. A mark is taken
 * in before the rows of its batch, so a slice begins with it; a key is forgotten after them, so a slice ends with the
 * record that says so; and `border`, where silence ends, is not crossed.
 */
export function sliceOf(
  decoder: RecordDecoder,
  shard: string,
  all: readonly KafkaRecord[],
  from: number,
  most: number,
  border: number,
): Slice {
  const slice = {
    rows: [] as Event[],
    rejects: [] as Reject[],
    forget: [] as Slice['forget'][0][],
    marks: [] as Mark[],
  };
  let at = from;
  for (const end = Math.min(all.length, from + most); at < end && slice.rows.length < most; at++) {
    const record = all[at];
    if (at > from && (isMark(record) || (record.offset >= border && all[at - 1].offset < border))) break;
    const other = decoder.decodeInto(slice.rows, record);
    if (other && 'forget' in other) slice.forget.push({ key: other.forget, offset: record.offset });
    else if (other && 'mark' in other) slice.marks.push(other.mark);
    else if (other) slice.rejects.push(rejectOf(shard, record, other));
    if (record.value === null) {
      at++;
      break;
    }
  }
  return { records: all.slice(from, at), ...slice };
}

function rejectOf(shard: string, { offset, value }: KafkaRecord, { reason, message }: Refusal): Reject {
  const raw = value?.toString('utf8').slice(0, 4096) ?? '';
  return { shard, offset, stage: 'decode', reason, message, raw };
}

/** A slice as batches of at most `most` rows: a record may hold thousands, and heartbeats must have their turn among them. */
export function* batchesOf(shard: string, slice: Slice, next: number, most: number): Generator<Batch<Event>> {
  const { rows, rejects, forget, marks } = slice;
  let refused = 0;
  for (let at = 0; ; at += most) {
    const last = at + most >= rows.length;
    // Refusals go with the rows round them, so that they keep their order.
    const upTo = last ? next : rows[at + most].offset;
    const first = refused;
    while (refused < rejects.length && (last || rejects[refused].offset < upTo)) refused++;
    yield {
      ...{ shard, next: upTo },
      rows: last && at === 0 ? rows : rows.slice(at, at + most),
      rejects: rejects.slice(first, refused),
      ...(at === 0 && marks.length > 0 ? { marks } : {}),
      ...(last && forget.length > 0 ? { forget: forget.map(({ key }) => key) } : {}),
    };
    if (last) return;
  }
}
