import { type Input, textOf } from './bytes.js';
import { Lines, lineCharsMax } from './lines.js';
import { type Fault, shown } from './rejects.js';
import type { Page, Table, Visit } from './table.js';

export interface CsvOptions {
  /** What is between two fields; found out from the header if not given. */
  readonly delimiter?: string;
  /** Rows right after the header that are no data (types, units): passed over without an offset. */
  readonly skipRows?: number;
}

/** A quoted field that does not end within so many characters is taken for a stray quote. */
export const quotedCharsMax = 1 << 16;
const delimiters = [',', ';', '\t', '|'];

/** Text with a header line and one row a line, fields parted by a delimiter and quoted where needed (RFC 4180). */
export function csvTable(input: Input, { delimiter, skipRows = 0 }: CsvOptions = {}): Table {
  if (delimiter !== undefined && (delimiter.length !== 1 || '"\r\n'.includes(delimiter))) {
    throw new Error(`delimiter: expected one character, got ${shown(delimiter)}`);
  }
  let parted = delimiter;
  /** Passes the pieces of the input to rows that have their header behind them. */
  async function* read(stop?: AbortSignal): AsyncGenerator<CsvRows> {
    const lines = new Lines();
    let rows: CsvRows | undefined;
    let skipping = skipRows;
    const step = (): CsvRows | undefined => {
      rows ??= headed(lines, delimiter, input.name);
      if (!rows) return undefined;
      parted = rows.delimiter;
      while (skipping > 0 && rows.next()) skipping--;
      return skipping > 0 ? undefined : rows;
    };
    for await (const piece of textOf(input, stop)) {
      lines.push(piece);
      const ready = step();
      if (ready) yield ready;
    }
    lines.finish();
    const last = step();
    if (last) yield last;
    else if (!rows) throw new Error(`${input.name}: expected a header line, the input is empty`);
  }
  return {
    name: input.name,
    settings: () => `csv, delimiter ${shown(parted)}, skipRows ${skipRows}`,
    async head(visit: Visit) {
      for await (const rows of read()) {
        visit.columns(rows.columns);
        while (rows.next()) if (!rows.fault && visit.row(rows.cells)) return {};
      }
      return {};
    },
    pages: (_from, _columns, stop) => read(stop),
  };
}

/** Reads the header line; undefined while it has not come. */
function headed(lines: Lines, given: string | undefined, name: string): CsvRows | undefined {
  do {
    if (!lines.next()) return undefined;
  } while (lines.start === lines.end);
  const text = lines.toString();
  lines.back();
  if (text.includes('\r')) throw new Error(`${name}: expected lines that end with LF or CRLF, found single CRs`);
  const rows = new CsvRows(lines, given ?? likeliest(text));
  if (!rows.next()) return undefined;
  if (rows.fault) throw new Error(`${name}, line ${rows.line}: expected a header line: ${rows.fault.message}`);
  rows.columns = rows.cells.map((cell) => cell.trim());
  return rows;
}

/** The delimiter that parts the header into the most fields; the comma if none does. */
function likeliest(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const counts = delimiters.map((candidate) => bare.split(candidate).length);
  return delimiters[counts.indexOf(Math.max(...counts))];
}

/** A cursor over the rows of CSV text. */
export class CsvRows implements Page {
  cells: string[] = [];
  fault: Fault | undefined;
  line = 0;
  cut = false;
  /** The header's names; while there are none, every number of fields is right. */
  columns: readonly string[] = [];
  /** Text and place of the next quote in it, so that lines without one need not be searched. */
  #searched = '';
  #quote = -1;

  constructor(
    readonly lines: Lines,
    readonly delimiter: string,
  ) {}

  next(): boolean {
    const { lines } = this;
    do {
      if (!lines.next()) return false;
    } while (lines.start === lines.end && !lines.long);
    this.fault = undefined;
    this.line = lines.line;
    if (lines.long) {
      this.fault = {
        reason: 'too-long',
        message: `expected lines of at most ${lineCharsMax} characters: look for a missing line end or quote`,
      };
    } else if (!this.#hasQuote()) this.#split();
    else if (!this.#unquote()) return false;
    this.cut = lines.cut;
    if (!this.fault) this.#count();
    return true;
  }

  raw(): string {
    return this.lines.toString();
  }

  #hasQuote(): boolean {
    const { text, start, end } = this.lines;
    if (this.#searched !== text || (this.#quote >= 0 && this.#quote < start)) {
      this.#quote = text.indexOf('"', start);
      this.#searched = text;
    }
    return this.#quote >= 0 && this.#quote < end;
  }

  #split(): void {
    const { text, start, end } = this.lines;
    const { cells, delimiter } = this;
    let count = 0;
    let from = start;
    for (;;) {
      const at = text.indexOf(delimiter, from);
      if (at < 0 || at >= end) break;
      cells[count++] = text.slice(from, at);
      from = at + 1;
    }
    cells[count++] = text.slice(from, end);
    cells.length = count;
  }

  /** Parts a line with quotes, joining lines where a quoted field goes on; false where the rest has not come yet. */
  #unquote(): boolean {
    const { lines, cells, delimiter } = this;
    let count = 0;
    let from = lines.start;
    for (;;) {
      if (lines.text.charCodeAt(from) !== 34 || from >= lines.end) {
        const found = lines.text.indexOf(delimiter, from);
        const at = found < 0 || found > lines.end ? lines.end : found;
        cells[count++] = lines.text.slice(from, at);
        if (at === lines.end) break;
        from = at + 1;
        continue;
      }
      const close = this.#closing(from + 1);
      if (close === 'wait') {
        lines.back();
        return false;
      }
      if (close === 'none') return this.#firstLine('unclosed-quote', `within ${quotedCharsMax} characters`);
      cells[count++] = lines.text.slice(from + 1, close).replaceAll('""', '"');
      from = close + 1;
      if (from === lines.end) break;
      if (lines.text[from] !== delimiter) {
        return this.#firstLine('bad-quote', `followed by ${shown(delimiter)} or the line's end`);
      }
      from++;
    }
    cells.length = count;
    return true;
  }

  /** Where the quoted field that begins at `from` ends. */
  #closing(from: number): number | 'wait' | 'none' {
    const { lines } = this;
    let at = from;
    for (;;) {
      if (lines.end - lines.start > lineCharsMax) return 'none';
      const quote = lines.text.indexOf('"', at);
      if (quote < 0 || quote >= lines.end) {
        at = lines.end;
        // A pair of quotes is never parted by a line end, so the search may go on where the line ended.
        const joined = lines.end - lines.start > quotedCharsMax ? 'end' : lines.extend();
        // One more than the limit, because a CR at the end may turn out to belong to the line end.
        if (joined === 'wait') return lines.text.length - lines.start > lineCharsMax + 1 ? 'none' : 'wait';
        if (joined === 'end') return 'none';
        continue;
      }
      if (quote - lines.start > quotedCharsMax) return 'none';
      if (lines.text.charCodeAt(quote + 1) !== 34 || quote + 1 >= lines.end) return quote;
      at = quote + 2;
    }
  }

  /** Refuses only the line where the record began: what follows may be good. */
  #firstLine(reason: Fault['reason'], expected: string): boolean {
    this.lines.back();
    this.lines.next();
    this.fault = { reason, message: `expected every quoted field to be closed by a quote ${expected}: fix the quotes` };
    return true;
  }

  #count(): void {
    const { cells, columns } = this;
    if (columns.length === 0 || cells.length === columns.length) return;
    this.fault =
      cells.length < columns.length
        ? {
            reason: 'missing-column',
            message: `expected ${columns.length} fields as in the header, came ${cells.length}: from "${columns[cells.length]}" on they are missing`,
          }
        : {
            reason: 'extra-column',
            message: `expected ${columns.length} fields as in the header, came ${cells.length}: quote fields that hold the delimiter ${shown(this.delimiter)}`,
          };
  }
}
