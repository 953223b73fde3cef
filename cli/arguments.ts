import { existsSync, statSync } from 'node:fs';
import { hint } from '../connectors/nearest.js';
import { UsageError } from './failure.js';

/** Rows ahead, as `1,5,48`: ascending whatever the order they are written in. */
export function parseHorizons(text: string): number[] {
  const fail = (came: string): never => {
    throw new UsageError(`--horizons: expected rows ahead such as 1,5,48 (whole numbers of at least 1), got ${came}`);
  };
  const numbers = text.split(',').map((part) => (/^\s*\d{1,9}\s*$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.some((n) => !(n >= 1))) fail(JSON.stringify(text));
  if (new Set(numbers).size < numbers.length) fail(`${JSON.stringify(text)}, which names one twice`);
  return numbers.sort((a, b) => a - b);
}

/** Column names, comma between them; a name with a comma in it stands in double quotes. */
export const parseColumns = (text: string): string[] => columnsIn('--values', text);
export const parseCategories = (text: string): string[] => columnsIn('--category', text);

function columnsIn(option: string, text: string): string[] {
  const names = [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)]
    .slice(0, text.endsWith(',') || text === '' ? undefined : -1)
    .map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare?.trim() ?? '');
  if (names.some((name) => name === '')) {
    throw new UsageError(`${option}: expected column names such as flow,speed, got ${JSON.stringify(text)}`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`${option}: expected every column once, got ${JSON.stringify(twice)} twice`);
  return names;
}

/** Times as fast as it happened: `60x`, or `60`. */
export function parseSpeed(text: string): number {
  const [, digits = ''] = /^(\d+(?:\.\d+)?)x?$/i.exec(text.trim()) ?? [];
  const speed = Number(digits);
  if (!(digits !== '' && speed > 0)) {
    throw new UsageError(
      `--speed: expected how many times as fast as it happened, such as 60x, got ${JSON.stringify(text)}`,
    );
  }
  return speed;
}

/** Milliseconds from row to row of a table without times. */
export const parseStep = (text: string): number => parseSpan('--step', 'the time from row to row')(text);

/** A length of time as milliseconds. */
export const parseSpan =
  (option: string, what: string) =>
  (text: string): number => {
    const [, digits = '', unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)?$/.exec(text.trim()) ?? [];
    const unitMs = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? Number.NaN;
    const stepMs = Number(digits) * unitMs;
    if (!(digits !== '' && stepMs > 0)) {
      throw new UsageError(
        `${option}: expected ${what} (ms, s, min, h or d), such as 30min, 5s or 100ms, got ${JSON.stringify(text)}`,
      );
    }
    return stepMs;
  };

/** Rows between two checkpoints. */
export function parseCheckpointRows(text: string): number {
  const rows = /^\d{1,12}$/.test(text.trim()) ? Number(text) : 0;
  if (rows < 1) {
    throw new UsageError(`--checkpoint-rows: expected a whole number of at least 1, got ${JSON.stringify(text)}`);
  }
  return rows;
}

export function parseReport(text: string): string {
  if (!/\.html?$/i.test(text)) {
    throw new UsageError(`--report: expected a file name that ends with .html, got ${JSON.stringify(text)}`);
  }
  return text;
}

export function parseState(text: string): string {
  if (text === '' || (existsSync(text) && !statSync(text).isDirectory())) {
    throw new UsageError(
      `--state: expected a folder for checkpoints, got ${JSON.stringify(text)}${text === '' ? '' : ', which is a file'}`,
    );
  }
  return text;
}

/** One word out of several, with the nearest one named when it is none of them. */
export function parseChoice<T extends string>(option: string, names: readonly T[]): (text: string) => T {
  return (text) => {
    if ((names as readonly string[]).includes(text)) return text as T;
    throw new UsageError(
      `${option}: expected one of ${names.join(', ')}, got ${JSON.stringify(text)}${hint(text, names)}`,
    );
  };
}

/** A moment of event time as ms since 1970: `2026-01-31` or `2026-01-31T08:00:00Z`; UTC unless it says otherwise. */
export const parseMoment =
  (option: string) =>
  (text: string): number => {
    const [, day, time = 'T00:00:00', zone = 'Z'] =
      /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text.trim()) ?? [];
    const ms = day === undefined ? Number.NaN : Date.parse(`${day}${time.replace(' ', 'T')}${zone}`);
    if (!Number.isNaN(ms)) return ms;
    throw new UsageError(
      `${option}: expected a time such as 2026-01-31 or 2026-01-31T08:00:00Z, got ${JSON.stringify(text)}`,
    );
  };

/** A place in a log. */
export function parseOffset(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--at: expected a place in the log, a whole number, got ${JSON.stringify(text)}`);
}
