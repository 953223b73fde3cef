/** One recorded series, in the order of its file. */
export interface Series {
  readonly name: string;
  readonly channels: readonly string[];
  readonly rows: readonly SeriesRow[];
}

/** One line of a data file; timestamps without a zone are read as UTC. */
export interface SeriesRow {
  readonly timeMs: number;
  /** One number per channel; NaN where the file has none. */
  readonly values: readonly number[];
}

/** The numbers of one channel, in order. */
export function channelOf(series: Series, channel = 0): Float64Array {
  return Float64Array.from(series.rows, ({ values }) => values[channel]);
}
