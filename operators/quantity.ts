import type { Quantity } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { type ReasonKind, reasonKinds } from './evidence/judge.js';
import { isOfKey, type Measured, rowsOf } from './evidence/measure.js';
import { knownRows, type LastRows, rowBack } from './last-rows.js';

/** Kinds of numbers over several rows: those of reasons, and two that follow from the last rows themselves. */
export const quantityKinds = [...reasonKinds, 'mean', 'distance'] as const;
export type QuantityKind = (typeof quantityKinds)[number];

/** A number as it is kept: `expected` is NaN where it has only a range. */
export interface Kept extends Measured {
  readonly kind: QuantityKind;
  readonly rows: number;
  readonly expected: number;
}

/** What is kept of one: its kind (one more than its index, 0 for none), over how many rows, and its numbers. */
export const quantityLayout = { kind: u32(), rows: u32(), numbers: f64(4) };

export function noteQuantity(own: Row<typeof quantityLayout>, found: Kept | undefined): void {
  own.kind[0] = found ? quantityKinds.indexOf(found.kind) + 1 : 0;
  if (!found) return;
  own.rows[0] = found.rows;
  own.numbers.set([found.actual, found.expected, found.low, found.high]);
}

export function keptIn({ kind, rows, numbers }: Row<typeof quantityLayout>): Kept | undefined {
  if (kind[0] === 0) return undefined;
  const [actual, expected, low, high] = numbers;
  return { kind: quantityKinds[kind[0] - 1], rows: rows[0], actual, expected, low, high };
}

/** Half the width of a band from 1 to 99 %, in standard deviations, and the mean distance from the middle of a normal law. */
const bandHalf = 2.326;
const meanDistance = 0.798;
/** Rows on one side of what was expected, as a share, from which on their mean says what is wrong, and not their distance. */
const oneSided = 0.8;
/** Rows of another channel say nothing of this one: at least this share must be of it. */
const sameShare = 0.5;

/** What the number of a reason is called, in which unit, and as what it is shown. */
const words: Readonly<
  Partial<
    Record<QuantityKind, { name(rows: number): string; unit?: string; expected?: number; shown?(x: number): number }>
  >
> = {
  level: { name: (rows) => `mean of ${rows} rows` },
  'slow level': { name: (rows) => `mean of ${rows} rows` },
  spread: { name: (rows) => `standard deviation of ${rows} rows`, shown: kernels.exp },
  floor: { name: (rows) => `lowest value of ${rows} rows` },
  ceiling: { name: (rows) => `highest value of ${rows} rows` },
  'forecast error': { name: (rows) => `mean forecast error of ${rows} rows` },
  'forecast bias': {
    name: (rows) => `share of ${rows} rows above their forecast`,
    unit: '%',
    shown: (x) => 50 * (1 + x),
  },
  surprise: { name: (rows) => `mean surprise of ${rows} rows`, unit: 'nats' },
  pace: { name: (rows) => `time between rows, mean of ${rows}`, unit: 's', shown: (x) => (kernels.exp(x) - 1) / 1000 },
  relation: {
    name: (rows) => `part of ${rows} rows that the other channels do not explain`,
    ...{ unit: 'usual sizes', expected: 1 },
  },
  'missing values': { name: (rows) => `share of values missing in ${rows} rows`, unit: '%', shown: (x) => 100 * x },
  sequence: { name: (rows) => `share not foretold, mean of ${rows} rows`, unit: '%', shown: (x) => 100 * x },
  mean: { name: (rows) => `mean of ${rows} rows` },
  distance: { name: (rows) => `mean distance of ${rows} rows from what was expected` },
};

/** Number of a reason; of a value alone there is none, as the row says it. */
export function keptOf(kind: ReasonKind, measured: Measured | undefined): Kept | undefined {
  if (!measured || words[kind] === undefined) return undefined;
  const { expected } = words[kind];
  const range = expected === undefined ? {} : { low: Number.NaN, high: Number.NaN };
  return { ...measured, ...range, kind, rows: rowsOf[kind], expected: expected ?? Number.NaN };
}

/** What of the last rows together was strange, where no single one was: their mean, or how far they lie from what was expected. */
export function ofLastRows(own: LastRows, rows: number, channel: number): Kept | undefined {
  const known = Array.from({ length: knownRows(own, rows) }, (_, back) => rowBack(own, back)).filter(
    (row) => row.channel === channel && Number.isFinite(row.actual - row.expected) && row.high >= row.low,
  );
  if (known.length < 2 || known.length < sameShare * rows) return undefined;
  const mean = (of: (row: (typeof known)[number]) => number): number =>
    known.reduce((sum, row) => sum + of(row), 0) / known.length;
  const above = mean(({ actual, expected }) => Number(actual > expected));
  const below = mean(({ actual, expected }) => Number(actual < expected));
  if (Math.max(above, below) >= oneSided) {
    const expected = mean((row) => row.expected);
    const root = Math.sqrt(known.length);
    return {
      ...{ kind: 'mean', rows: known.length, actual: mean(({ actual }) => actual), expected },
      low: expected - mean((row) => row.expected - row.low) / root,
      high: expected + mean((row) => row.high - row.expected) / root,
    };
  }
  const expected = (mean(({ low, high }) => high - low) / 2 / bandHalf) * meanDistance;
  const actual = mean((row) => Math.abs(row.actual - row.expected));
  return { kind: 'distance', rows: known.length, actual, expected, low: Number.NaN, high: Number.NaN };
}

const asItIs = (x: number): number => x;

/** Whether it is of the key as a whole, and the peak's channel only lies beside it. */
export const besideChannel = ({ kind }: Kept): boolean => kind !== 'mean' && kind !== 'distance' && isOfKey(kind);

/** The number as it is told. */
export function quantityOf({ kind, rows, actual, expected, low, high }: Kept): Quantity {
  const { name, unit, shown = asItIs } = words[kind] ?? { name: () => kind, unit: undefined };
  return {
    name: name(rows),
    rows,
    ...(unit === undefined ? {} : { unit }),
    actual: shown(actual),
    ...(Number.isNaN(expected) ? {} : { expected: shown(expected) }),
    ...(Number.isNaN(low) ? {} : { low: shown(low), high: shown(high) }),
  };
}

/** `the mean of 20 rows is 8800 where 7900 to 8650 is usual`. */
export function inWords({ name, unit, actual, expected, low, high }: Quantity): string {
  const of = (value: number): string => `${short(value)}${unit === undefined ? '' : ` ${unit}`}`;
  const range = low === undefined || high === undefined ? undefined : `${short(low)} to ${short(high)}`;
  const usual = expected === undefined ? range : `${short(expected)}${range ? ` (${range})` : ''}`;
  return `the ${name} is ${of(actual)} where ${usual} is usual`;
}

/** A number with few digits, the same for everybody. */
export const short = (value: number, digits = 5): string => String(Number(value.toPrecision(digits)));
