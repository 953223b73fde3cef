import type { PayloadCodec } from '../kafka/decode.js';

export interface CsvLineOptions {
  /** Names of the columns, in order. */
  readonly columns: readonly string[];
  readonly delimiter?: string;
}

/** One line of CSV per record, with quotes where a field needs them; the names of the columns are given. */
export function csvLineCodec({ columns, delimiter = ',' }: CsvLineOptions): PayloadCodec {
  if (columns.length === 0) throw new RangeError('decode.columns: expected the names of the columns, got none');
  if (delimiter.length !== 1 || delimiter === '"') {
    throw new RangeError(`decode.delimiter: expected one character, got ${JSON.stringify(delimiter)}`);
  }
  return {
    name: 'csv',
    settings: { columns, delimiter },
    fields(value, paths) {
      const cells = split(value.toString('utf8').replace(/\r?\n$/, ''), delimiter);
      if (cells === undefined) {
        return { reason: 'bad-quote', message: 'expected a quote to be closed, and a delimiter after it' };
      }
      if (cells.length !== columns.length) {
        const reason = cells.length < columns.length ? 'missing-column' : 'extra-column';
        return { reason, message: `expected ${columns.length} fields (${columns.join(', ')}), came ${cells.length}` };
      }
      return paths.map((path) => {
        const at = columns.indexOf(path);
        return at < 0 ? undefined : cells[at];
      });
    },
  };
}

/** The fields of a line; undefined where its quotes do not match. */
function split(line: string, delimiter: string): string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; ; ) {
    if (line[at] === '"') {
      let text = '';
      let end = at + 1;
      for (;;) {
        const quote = line.indexOf('"', end);
        if (quote < 0) return undefined;
        text += line.slice(end, quote);
        end = quote + 1;
        if (line[end] !== '"') break;
        text += '"';
        end++;
      }
      if (end < line.length && line[end] !== delimiter) return undefined;
      cells.push(text);
      at = end;
    } else {
      const end = line.indexOf(delimiter, at);
      cells.push(line.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? line.length : end;
    }
    if (at >= line.length) return cells;
    at++;
  }
}
