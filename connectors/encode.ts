import { type Anomaly, type Forecast, placeOf, type Reject, type Result, recordOf } from '../event.js';

/** Turns a row into one line of JSON, without the line end; `shard` is the log it is of, where there are several. */
export type Encode<T> = (row: T, shard?: string) => string;

/** A result as one line, its id `shard@offset`; what is missing or infinite is null. */
export function encodeResult(shard: string): Encode<Result> {
  const prefixOf = (name: string): string => `{"id":${JSON.stringify(`${name}@`).slice(0, -1)}`;
  let current = shard;
  let prefix = prefixOf(shard);
  const keys = new Map<string, string>();
  const quoted = (key: string): string => {
    let text = keys.get(key);
    if (text === undefined) {
      if (keys.size >= 1 << 16) keys.clear();
      text = JSON.stringify(key);
      keys.set(key, text);
    }
    return text;
  };
  return (row, of = shard) => {
    const { offset, key, timeMs, values, words, surprise, score, alarm, warmup = 0, forecast, next, marks } = row;
    if (of !== current) {
      current = of;
      prefix = prefixOf(of);
    }
    return (
      `${prefix}${placeOf(offset)}","key":${quoted(key)},"timeMs":${timeMs},"offset":${recordOf(offset)},"values":${list(values)},` +
      `${words ? `"words":${JSON.stringify(words)},` : ''}"surprise":${number(surprise)},"score":${number(score)},"alarm":${alarm},${warmup > 0 ? `"warmup":${warmup},` : ''}${marks ? `"marks":${JSON.stringify(marks)},` : ''}${next ? `"next":${encodeNext(next)},` : ''}"forecast":${encodeForecast(forecast)}}`
    );
  };
}

/** The words expected next, the likeliest first: `{"state": [{"word": "OPEN", "probability": 0.93}]}`. */
const encodeNext = (next: NonNullable<Result['next']>): string =>
  JSON.stringify(Object.fromEntries(next.map(({ channel, words }) => [channel, words])));

/** Every field of an anomaly; the id says which lines belong to the same one. */
export const encodeAnomaly: Encode<Anomaly> = (anomaly) => JSON.stringify(anomaly, wholeOffsets);

/** Every field of a reject. */
export const encodeReject: Encode<Reject> = (reject) => JSON.stringify(reject, wholeOffsets);

/** Rows of one record lie between two offsets; what is written is that of the record. */
const wholeOffsets = (name: string, value: unknown): unknown =>
  typeof value === 'number' && (name === 'offset' || name.endsWith('Offset')) ? recordOf(value) : value;

/** Means as `[channel][horizon]`, quantiles as `[channel][horizon][level]`. */
function encodeForecast({ horizons, levels, mean, quantiles }: Forecast): string {
  const steps = horizons.length;
  const width = levels.length;
  const channels = steps === 0 ? 0 : mean.length / steps;
  let means = '';
  let bands = '';
  for (let channel = 0; channel < channels; channel++) {
    const from = channel * steps;
    means += `${channel === 0 ? '' : ','}${stretch(mean, from, steps)}`;
    bands += channel === 0 ? '[' : ',[';
    for (let step = 0; step < steps; step++) {
      bands += `${step === 0 ? '' : ','}${stretch(quantiles, (from + step) * width, width)}`;
    }
    bands += ']';
  }
  return `{"horizons":${horizonsOf(horizons)},"levels":${levelsOf(levels)},"mean":[${means}],"quantiles":[${bands}]}`;
}

/** JSON's own way to write a number: null for what is none. */
const number = (value: number): string => (value - value === 0 ? `${value}` : 'null');

/** Writes lists that are nearly always the same numbers, as horizons and levels are: a number costs far more to write than to compare. */
function repeated(): (values: readonly number[]) => string {
  let last: readonly number[] = [];
  let text = '[]';
  return (values) => {
    let same = values.length === last.length;
    for (let i = 0; same && i < values.length; i++) same = Object.is(values[i], last[i]);
    if (same) return text;
    last = values.slice();
    text = list(values);
    return text;
  };
}
const horizonsOf = repeated();
const levelsOf = repeated();

const scratch: number[] = [];

/** So many numbers of a longer list, as JSON writes them: in one call, which takes half the time of a string per number. */
function stretch(values: ArrayLike<number>, from: number, count: number): string {
  scratch.length = count;
  for (let i = 0; i < count; i++) scratch[i] = values[from + i];
  return JSON.stringify(scratch);
}

function list(values: readonly number[]): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) text += i === 0 ? number(values[i]) : `,${number(values[i])}`;
  return `${text}]`;
}
