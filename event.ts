/** What one sensor reported at one moment; NaN marks a missing channel. */
export interface Event {
  /** Which series this belongs to. */
  readonly key: string;
  /** Event time, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** One number per channel, in the order of the source's channel names. */
  readonly values: readonly number[];
  /** Position in the shard's log; grows, gaps are normal. Rows of one record lie between it and the next: see `placeOf`. */
  readonly offset: number;
}

/** Rows that one record of a log may hold: row r of the record at offset o is the event at o + r / 4096, which is exact. */
export const recordRowsMax = 4096;

/** Offset of the record that an event came from. */
export const recordOf = (offset: number): number => Math.floor(offset);

/** An event's place as ids say it: the offset, and behind a point the row of its record, if that is not the first. */
export const placeOf = (offset: number): string =>
  Number.isInteger(offset) ? `${offset}` : `${Math.floor(offset)}.${(offset - Math.floor(offset)) * recordRowsMax}`;

/** A row that could not be used, with the reason; it goes where the operator of the pipeline can find it again. */
export interface Reject {
  readonly shard: string;
  readonly offset: number;
  /** Which step refused it: `decode`, `order`, `remember` … */
  readonly stage: string;
  /** What was wrong, as a stable word: `not-a-number`, `late`, `duplicate` … */
  readonly reason: string;
  /** What was expected, what came, what to do. */
  readonly message: string;
  /** The row as it came, text or the decoded event, at most 4 KiB. */
  readonly raw?: string;
  /** 1-based line of a text file. */
  readonly line?: number;
}

/** A record as it lies in a log of records, for outputs that pass on more of it than an event holds. */
export interface LogRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Headers as they came: one value, or several under the same name. */
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  /** When it was made or appended, by the log's setting. */
  readonly timestampMs: number;
}

/** Rows from one shard, in order; `next` is the offset to read after them. */
export interface Batch<T> {
  readonly shard: string;
  readonly rows: readonly T[];
  readonly rejects: readonly Reject[];
  /** Anomalies that opened or closed while these rows passed, in order; absent where no step looks for any. */
  readonly anomalies?: readonly Anomaly[];
  /**
   * For each row and each reject the offset of the event that let it go, where steps have held rows back: what keeps the
   * order of rejects the same however the log is cut. Steps and lanes see to it; sources leave it out.
   */
  readonly causes?: { readonly rows: readonly number[]; readonly rejects: readonly number[] };
  readonly next: number;
  /** The line each of these rows begins at, from sources that are text. */
  readonly lines?: readonly number[];
  /** The records these rows were made of, from sources that have them. */
  readonly records?: readonly LogRecord[];
  /** Keys to be forgotten after these rows: what waits is let go, what was learned of them is deleted. */
  readonly forget?: readonly string[];
  /** The log is complete: what waits may be released. */
  readonly ends?: boolean;
}

/** Calibrated forecasts made at one event, for every channel and horizon. */
export interface Forecast {
  /** Rows ahead, ascending: 1 is the next row. */
  readonly horizons: readonly number[];
  /** Probability levels of `quantiles`, ascending. */
  readonly levels: readonly number[];
  /** Point forecasts, index `channel * horizons + horizon`. */
  readonly mean: Float64Array;
  /** Quantiles, index `(channel * horizons + horizon) * levels + level`, ascending in level. */
  readonly quantiles: Float64Array;
}

export const severities = ['info', 'warning', 'major', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** Alarms that belong together, from the first to the last, with the row where the stream was least expected. */
export interface Anomaly {
  /** `shard@offset` of the alarm that began it: the same in every replay. */
  readonly id: string;
  readonly key: string;
  readonly status: 'open' | 'closed';
  readonly startMs: number;
  readonly endMs: number;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly peakMs: number;
  readonly peakOffset: number;
  /** Alarms inside it. */
  readonly alarms: number;
  readonly severity: Severity;
  /**
   * Smallest score seen inside it. Where `detect` goes by surprise alone, 0.001 means one row in a thousand looks so
   * strange; with all evidence it ranks alarms, the budget times e^-strength, and is no share of rows.
   */
  readonly score: number;
  /** Name of the channel that was least expected at the peak. */
  readonly channel: string;
  readonly actual: number;
  readonly expected: number;
  /** 1 % and 99 % quantiles of the forecast for the peak row. */
  readonly low: number;
  readonly high: number;
  /** One sentence a person can act on. */
  readonly why: string;
}

/** What the pipeline says of one event: how strange it was, and what it expects next. */
export interface Result extends Event {
  /** Negative log likelihood of the event under what was expected, in nats. */
  readonly surprise: number;
  /** Share of rows at least this strange (0.001: one in a thousand); at an alarm of all evidence smaller, by its strength. */
  readonly score: number;
  readonly alarm: boolean;
  readonly forecast: Forecast;
}
