import { type Input, textOf } from './bytes.js';
import { type BrokenJson, parseJson } from './json-text.js';
import { Lines, lineCharsMax } from './lines.js';
import { type Fault, shown } from './rejects.js';
import type { Page, Table, Visit } from './table.js';

/** One JSON object a line; its columns are the paths to its values, such as `sensor.temperature` or `values.0`. */
export function ndjsonTable(input: Input): Table {
  async function* read(
    columns: readonly string[],
    needed: readonly string[],
    stop?: AbortSignal,
  ): AsyncGenerator<JsonRows> {
    const lines = new Lines();
    const rows = new JsonRows(lines, columns, needed);
    for await (const piece of textOf(input, stop)) {
      lines.push(piece);
      yield rows;
    }
    lines.finish();
    yield rows;
  }
  let columns: string[] = [];
  return {
    name: input.name,
    settings: () => 'ndjson',
    async head(visit: Visit) {
      columns = [];
      let refused: string | undefined;
      for await (const rows of read([], [])) {
        while (rows.next()) {
          if (rows.fault) {
            refused ??= `came ${shown(rows.raw())} (line ${rows.line}: ${rows.fault.message})`;
            continue;
          }
          if (columns.length === 0) {
            columns = paths(rows.value);
            visit.columns(columns);
          }
          if (visit.row(columns.map((name) => found(rows.value, name, name.split('.'))))) return {};
        }
      }
      if (columns.length === 0) {
        throw new Error(`${input.name}: expected one JSON object a line, ${refused ?? 'the input is empty'}`);
      }
      return {};
    },
    pages: (_from, needed, stop) => read(columns, needed, stop),
  };
}

/** A cursor over the rows of NDJSON text. */
class JsonRows implements Page {
  cells: unknown[] = [];
  value: object = {};
  fault: Fault | undefined;
  line = 0;
  cut = false;
  /** The columns that are looked at: where their cells go, and how their values are found. */
  readonly #wanted: readonly { readonly at: number; readonly name: string; readonly path: readonly string[] }[];

  constructor(
    readonly lines: Lines,
    columns: readonly string[],
    needed: readonly string[],
  ) {
    this.#wanted = needed.map((name) => ({ at: columns.indexOf(name), name, path: name.split('.') }));
  }

  next(): boolean {
    const { lines } = this;
    let text: string;
    do {
      if (!lines.next()) return false;
      text = lines.toString();
    } while (!lines.long && text.trim() === '');
    this.line = lines.line;
    this.cut = lines.cut;
    this.fault = lines.long
      ? {
          reason: 'too-long',
          message: `expected lines of at most ${lineCharsMax} characters: look for a missing line end`,
        }
      : this.#parse(text);
    if (this.fault) return true;
    for (const { at, name, path } of this.#wanted) this.cells[at] = found(this.value, name, path);
    return true;
  }

  raw(): string {
    return this.lines.toString();
  }

  #parse(text: string): Fault | undefined {
    let parsed: unknown;
    try {
      parsed = parseJson(text);
    } catch (error) {
      return { reason: 'not-json', message: `expected a JSON object: ${(error as BrokenJson).inLine}` };
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      return { reason: 'not-json', message: `expected a JSON object, came ${shown(parsed)}` };
    }
    this.value = parsed;
    return undefined;
  }
}

/** The value of a property of that name, or else along that path. */
const found = (value: object, name: string, path: readonly string[]): unknown =>
  Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : along(value, path);

function along(value: unknown, names: readonly string[]): unknown {
  let part = value;
  for (const name of names) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    part = (part as Record<string, unknown>)[name];
  }
  return part;
}

const pathsMax = 4096;
const depthMax = 8;

/** The paths to all values of an object that are neither object nor array. */
function paths(value: object): string[] {
  const names: string[] = [];
  const walk = (part: object, prefix: string, depth: number): void => {
    for (const [name, inner] of Object.entries(part)) {
      if (names.length >= pathsMax) return;
      if (typeof inner !== 'object' || inner === null) names.push(prefix + name);
      else if (depth < depthMax) walk(inner, `${prefix}${name}.`, depth + 1);
    }
  };
  walk(value, '', 1);
  return names;
}
