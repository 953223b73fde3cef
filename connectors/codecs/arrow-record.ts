import { recordRowsMax } from '../../event.js';
import type { PayloadCodec } from '../kafka/decode.js';
import { arrowRowsIn } from './arrow.js';
import type { ArrowRows } from './cells.js';
import { Damage } from './messages.js';

/**
 * One Arrow IPC stream per record, with one row or several; fields are its columns. Packed columns (LZ4, ZSTD) and
 * dictionaries are read as well. Row r of the record at offset o is the event `o.r`.
 */
export function arrowRecordCodec(): PayloadCodec {
  const rowsIn = (value: Buffer, paths: readonly string[]) => {
    let batches: ArrowRows[];
    try {
      batches = arrowRowsIn(value, recordRowsMax);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      return { reason: 'not-arrow', message: error.message };
    }
    const found: unknown[][] = [];
    for (const { columns, rows, get } of batches) {
      const wanted = paths.map((path) => columns.indexOf(path));
      for (let row = 0; row < rows; row++) found.push(wanted.map((at) => (at < 0 ? undefined : get(at, row))));
    }
    if (found.length > 0) return found;
    return { reason: 'no-rows', message: 'expected an Arrow stream with at least one row, it has none' };
  };
  return {
    name: 'arrow',
    rows: rowsIn,
    // A record is asked for its rows; this is for those who look at one alone.
    fields(value, paths) {
      const found = rowsIn(value, paths);
      return Array.isArray(found) ? found[0] : found;
    },
  };
}
