import { type Input, textOf } from './bytes.js';
import { Lines, lineCharsMax } from './lines.js';
import { type Fault, shown } from './rejects.js';
import type { Page, Table, Visit } from './table.js';

/** One JSON object a line; its columns are the paths to its values, such as `sensor.temperature` or `values.0`. */
export function ndjsonTable(input: Input): Table {
  async function* read(columns: readonly string[], stop?: AbortSignal): AsyncGenerator<JsonRows> {
    const lines = new Lines();
    const rows = new JsonRows(lines, columns);
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
    async head(visit: Visit) {
      columns = [];
      let refused: string | undefined;
      for await (const rows of read([])) {
        while (rows.next()) {
          if (rows.fault) {
            refused ??= rows.raw();
            continue;
          }
          if (columns.length === 0) {
            columns = paths(rows.value);
            visit.columns(columns);
          }
          if (visit.row(columns.map((path) => at(rows.value, path)))) return {};
        }
      }
      if (columns.length === 0) {
        throw new Error(
          `${input.name}: expected one JSON object a line, ` +
            (refused === undefined ? 'the input is empty' : `came ${shown(refused)}`),
        );
      }
      return {};
    },
    pages: (_from, _needed, stop) => read(columns, stop),
  };
}

/** A cursor over the rows of NDJSON text. */
class JsonRows implements Page {
  cells: unknown[] = [];
  value: object = {};
  fault: Fault | undefined;
  line = 0;
  cut = false;
  readonly #paths: readonly (readonly string[])[];

  constructor(
    readonly lines: Lines,
    readonly columns: readonly string[],
  ) {
    this.#paths = columns.map((path) => path.split('.'));
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
    for (let i = 0; i < this.columns.length; i++) {
      const { value } = this;
      const name = this.columns[i];
      this.cells[i] = Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : along(value, this.#paths[i]);
    }
    return true;
  }

  raw(): string {
    return this.lines.toString();
  }

  #parse(text: string): Fault | undefined {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      return { reason: 'not-json', message: `expected a JSON object: ${(error as Error).message}` };
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      return { reason: 'not-json', message: `expected a JSON object, came ${shown(parsed)}` };
    }
    this.value = parsed;
    return undefined;
  }
}

const at = (value: object, path: string): unknown =>
  Object.hasOwn(value, path) ? (value as Record<string, unknown>)[path] : along(value, path.split('.'));

function along(value: unknown, names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

const pathsMax = 4096;
const depthMax = 8;

/** The paths to all values of an object that are neither object nor array. */
function paths(value: object): string[] {
  const found: string[] = [];
  const walk = (part: object, prefix: string, depth: number): void => {
    for (const [name, inner] of Object.entries(part)) {
      if (found.length >= pathsMax) return;
      if (typeof inner !== 'object' || inner === null) found.push(prefix + name);
      else if (depth < depthMax) walk(inner, `${prefix}${name}.`, depth + 1);
    }
  };
  walk(value, '', 1);
  return found;
}
