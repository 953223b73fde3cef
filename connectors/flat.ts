import { type Anomaly, placeOf, type Reject, type Result, recordOf } from '../event.js';
import type { ColumnType } from './codecs/cells.js';

/** One column of a flat file, and how a row fills it. */
export interface FlatColumn<T> {
  readonly name: string;
  readonly type: ColumnType;
  /** `shard` is the log the row is of, where there are several. */
  of(row: T, shard?: string): string | number | boolean;
}

/** What must be known of a pipeline before its first result, to name the columns. */
export interface ResultShape {
  /** The log, where there is only one. */
  readonly shard: string;
  readonly channels: readonly string[];
  /** Those of them that are of words. */
  readonly categories?: readonly string[];
  /** Rows ahead of each forecast. */
  readonly horizons: readonly number[];
  /** Probability levels of the quantiles. */
  readonly levels: readonly number[];
}

/** Columns of results before and behind the channels, in this order: what they are known by when they are read again, old ones too. */
export const resultFront = ['id', 'key', 'time', 'offset'] as const;
export const resultVerdict = ['surprise', 'score', 'alarm'] as const;

/**
 * The columns of results: `id, key, time, offset, <channel>…, surprise, score, alarm, warmup`, then for every channel and horizon
 * `<channel>_mean_h5` and its quantiles `<channel>_q99_h5` (levels in percent). A channel of words has its word, the one that
 * is expected next, and its probability: `<channel>_next`, `<channel>_next_probability`.
 */
export function resultColumns(shape: ResultShape): FlatColumn<Result>[] {
  const { shard, channels, categories = [], horizons, levels } = shape;
  const front: FlatColumn<Result>[] = [
    { name: 'id', type: 'text', of: ({ offset }, of = shard) => `${of}@${placeOf(offset)}` },
    { name: 'key', type: 'text', of: ({ key }) => key },
    { name: 'time', type: 'time', of: ({ timeMs }) => timeMs },
    { name: 'offset', type: 'whole', of: ({ offset }) => recordOf(offset) },
  ];
  const verdict: FlatColumn<Result>[] = [
    { name: 'surprise', type: 'real', of: ({ surprise }) => surprise },
    { name: 'score', type: 'real', of: ({ score }) => score },
    { name: 'alarm', type: 'flag', of: ({ alarm }) => alarm },
    { name: 'warmup', type: 'whole', of: ({ warmup = 0 }) => warmup },
  ];
  const free = unused([...front, ...verdict].map(({ name }) => name));
  const real = (name: string, of: (row: Result) => number): FlatColumn<Result> => ({
    name: free(name),
    type: 'real',
    of,
  });
  const text = (name: string, of: (row: Result) => string): FlatColumn<Result> => ({
    name: free(name),
    type: 'text',
    of,
  });
  const likeliest = ({ next = [] }: Result, channel: string) => next.find((of) => of.channel === channel)?.words[0];
  const isWords = (channel: string): boolean => categories.includes(channel);
  const width = levels.length;
  return [
    ...front,
    ...channels.map((channel, c) =>
      isWords(channel) ? text(channel, ({ words }) => words?.[c] ?? '') : real(channel, ({ values }) => values[c]),
    ),
    ...verdict,
    ...categories.flatMap((channel) => [
      text(`${channel}_next`, (row) => likeliest(row, channel)?.word ?? ''),
      real(`${channel}_next_probability`, (row) => likeliest(row, channel)?.probability ?? Number.NaN),
    ]),
    ...channels.flatMap((channel, c) =>
      (isWords(channel) ? [] : horizons).flatMap((horizon, h) => {
        const at = c * horizons.length + h;
        return [
          real(`${channel}_mean_h${horizon}`, ({ forecast }) => forecast.mean[at]),
          ...levels.map((level, l) =>
            real(`${channel}_q${percent(level)}_h${horizon}`, ({ forecast }) => forecast.quantiles[at * width + l]),
          ),
        ];
      }),
    ),
  ];
}

/** All fields of an anomaly; times end in `Ms` in events and not here, where they are timestamps. */
export const anomalyColumns: readonly FlatColumn<Anomaly>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'key', type: 'text', of: ({ key }) => key },
  { name: 'status', type: 'text', of: ({ status }) => status },
  { name: 'start', type: 'time', of: ({ startMs }) => startMs },
  { name: 'end', type: 'time', of: ({ endMs }) => endMs },
  { name: 'startOffset', type: 'whole', of: ({ startOffset }) => recordOf(startOffset) },
  { name: 'endOffset', type: 'whole', of: ({ endOffset }) => recordOf(endOffset) },
  { name: 'peak', type: 'time', of: ({ peakMs }) => peakMs },
  { name: 'peakOffset', type: 'whole', of: ({ peakOffset }) => recordOf(peakOffset) },
  { name: 'alarms', type: 'whole', of: ({ alarms }) => alarms },
  { name: 'severity', type: 'text', of: ({ severity }) => severity },
  { name: 'score', type: 'real', of: ({ score }) => score },
  { name: 'channel', type: 'text', of: ({ channel }) => channel },
  { name: 'actual', type: 'real', of: ({ actual }) => actual },
  { name: 'expected', type: 'real', of: ({ expected }) => expected },
  { name: 'low', type: 'real', of: ({ low }) => low },
  { name: 'high', type: 'real', of: ({ high }) => high },
  { name: 'why', type: 'text', of: ({ why }) => why },
];

/** All fields of a reject; where the input is not text, `line` is null. */
export const rejectColumns: readonly FlatColumn<Reject>[] = [
  { name: 'shard', type: 'text', of: ({ shard }) => shard },
  { name: 'offset', type: 'whole', of: ({ offset }) => recordOf(offset) },
  { name: 'stage', type: 'text', of: ({ stage }) => stage },
  { name: 'reason', type: 'text', of: ({ reason }) => reason },
  { name: 'message', type: 'text', of: ({ message }) => message },
  { name: 'raw', type: 'text', of: ({ raw }) => raw ?? '' },
  { name: 'line', type: 'real', of: ({ line }) => line ?? Number.NaN },
];

/** 0.99 as 99, 0.025 as 2.5, whatever binary fractions make of it. */
const percent = (level: number): number => Number((level * 100).toPrecision(6));

/** Gives names that were not given before: a channel called `score` becomes `score_2`. */
function unused(taken: readonly string[]): (name: string) => string {
  const given = new Set(taken);
  return (name) => {
    let free = name;
    for (let n = 2; given.has(free); n++) free = `${name}_${n}`;
    given.add(free);
    return free;
  };
}
