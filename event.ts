/** What one sensor reported at one moment; NaN marks a missing channel. */
export interface Event {
  /** Which series this belongs to. */
  readonly key: string;
  /** Event time, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  /** One number per channel, in the order of the source's channel names. */
  readonly values: readonly number[];
  /** The word of every channel that is of words instead of numbers (a category): there `values` is NaN. */
  readonly words?: readonly (string | undefined)[];
  /** Position in the shard's log; grows, gaps are normal. Rows of one record lie between it and the next: see `placeOf`. */
  readonly offset: number;
}

/** A word takes at most so many bytes of UTF-8. */
export const wordBytesMax = 128;

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
  /** The row as it came: text, at most 4,096 characters, or where a step refused it the event as whole JSON. */
  readonly raw?: string;
  /** 1-based line of a text file. */
  readonly line?: number;
  /** A step had held the row back, and a later event brought the refusal about. */
  readonly held?: true;
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
   * For each row, reject, anomaly and alert the offset of the event that let it go, where steps have held rows back: what keeps
   * their order the same however the log is cut. Steps and lanes see to it; sources leave it out.
   */
  readonly causes?: {
    readonly rows: readonly number[];
    readonly rejects: readonly number[];
    readonly anomalies?: readonly number[];
    readonly alerts?: readonly number[];
  };
  /**
   * Which of these rows a step had held back, by their index, with the offset of the event that let each go; absent where
   * there are none. Lanes see to it.
   */
  readonly held?: ReadonlyMap<number, number>;
  readonly next: number;
  /** The line each of these rows begins at, from sources that are text. */
  readonly lines?: readonly number[];
  /** The records these rows were made of, from sources that have them. */
  readonly records?: readonly LogRecord[];
  /** Every anomaly that opened, worsened or closed, told or not, for steps that watch them; steps and lanes see to it. */
  readonly changes?: readonly Change[];
  /** Alerts that fired, worsened or were resolved while these rows passed, in order. */
  readonly alerts?: readonly Alert[];
  /** For each of these alerts the offset of the event that let it come; lanes see to it. */
  readonly alertCauses?: readonly number[];
  /** Keys to be forgotten after these rows: what waits is let go, what was learned of them is deleted. */
  readonly forget?: readonly string[];
  /** What an operator said of these keys, taken in before these rows: a mark has its place in the log like a row. */
  readonly marks?: readonly Mark[];
  /** What became of them, once a step has taken them in. */
  readonly heard?: readonly Heard[];
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

/** A word and its probability. */
export interface Likely {
  readonly word: string;
  readonly probability: number;
}

/** How much of a field (a value, its change, the time of day, a word) had not been expected, and what had been. */
export interface Unexpected {
  readonly field: string;
  /** 0: what came had been expected as much as anything; 1: nothing of it had been. */
  readonly share: number;
  /** What had been expected most in its place, as people write it. */
  readonly instead: string;
}

export const severities = ['info', 'warning', 'major', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** A number over several rows that was out of its range. */
export interface Quantity {
  /** `mean of 20 rows`. */
  readonly name: string;
  readonly rows: number;
  /** That of the channel where none is said. */
  readonly unit?: string;
  readonly actual: number;
  /** What was expected of it, or the range it had been in, or both. */
  readonly expected?: number;
  readonly low?: number;
  readonly high?: number;
}

/** Rows that belong together, from the first that led to an alarm to the last that is strange, with the one that is strangest. */
export interface Anomaly {
  /** `shard@offset` of its first alarm: the same in every replay. */
  readonly id: string;
  /** `silence`: the key said nothing; `together`: many keys moved at once, this one the most; absent where its values were strange. */
  readonly kind?: 'silence' | 'together';
  readonly key: string;
  readonly status: 'open' | 'closed';
  /** The first row that belongs to it, which an alarm may have told later; and the last. */
  readonly startMs: number;
  readonly endMs: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Of its strangest alarm the row that added most to it, perhaps some rows before. */
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
  /** What was out of range, where that is no single row: a mean, a spread, a share over several. */
  readonly quantity?: Quantity;
  /** One sentence a person can act on. */
  readonly why: string;
  /** The word at the peak and what had been expected instead, the likeliest first, where the channel is of words. */
  readonly word?: { readonly actual: string; readonly expected: readonly Likely[] };
  /** What of the peak row a memory of patterns had not expected, the most first. */
  readonly unexpected?: readonly Unexpected[];
  /** Of many keys at once: how many of how many that said something, most of them on which side, and the most affected. */
  readonly together?: {
    readonly keys: number;
    readonly of: number;
    readonly share: number;
    readonly direction: 'above' | 'below' | 'other';
    readonly most: readonly string[];
  };
  /** What each part added to it, largest first, where the detector takes its evidence apart. */
  readonly causes?: readonly { readonly feature: string; readonly contribution: number; readonly text: string }[];
  /** The most surprising rows up to here, surprise in nats, the greatest first. */
  readonly steps?: readonly { readonly offset: number; readonly timeMs: number; readonly surprise: number }[];
  /** Earlier anomalies of this key that were most alike, likeness 0 to 1, the likest first. */
  readonly similar?: readonly { readonly startMs: number; readonly endMs: number; readonly likeness: number }[];
  /** What operators had said of alarms like its strangest one: so many nats rarer they had to be since, below 0 commoner. */
  readonly marked?: { readonly verdict: Verdict; readonly nats: number };
  /** The memory that was surprised, and its version; with `judge` only the one that says what was expected. */
  readonly model?: string;
  readonly version?: string;
  /** The detector that alarmed, and its version, where it is not `detect`. */
  readonly judge?: { readonly name: string; readonly version: string };
}

/** An anomaly as it stood when it changed, and the offset of the event that made it change. */
export interface Change {
  readonly anomaly: Anomaly;
  readonly cause: number;
}

export const verdicts = ['expected', 'real'] as const;
export type Verdict = (typeof verdicts)[number];

/**
 * What an operator says of a stretch of a series: `expected`, it should not have alarmed, or `real`, it should. It is an
 * input like any row, so replays take it in at the same place.
 */
export interface Mark {
  readonly key: string;
  readonly verdict: Verdict;
  /** The stretch that is meant, in event time, both ends included. */
  readonly startMs: number;
  readonly endMs: number;
  /** Id of the anomaly or alert that was judged, where there was one. */
  readonly of?: string;
  /** Its place in the log: it is taken in after all rows below this offset, with the first one that is not. */
  readonly offset: number;
}

/** How alarms of one sort are judged since a mark: the channel they are of, and their main kind of evidence, where there are such. */
export interface Bar {
  readonly channel?: string;
  readonly kind?: string;
  /** How much rarer they must be to be told, in nats; below 0 they may be commoner. */
  readonly nats: number;
}

/** What a step found that a mark is about. */
export interface Taken {
  /** Alarms of the key in the stretch that it still knows; where there are none the mark changes nothing. */
  readonly alarms: number;
  readonly bars: readonly Bar[];
}

/** What became of a mark. */
export interface Heard extends Taken {
  readonly mark: Mark;
  /** The step that took it in. */
  readonly stage: string;
  /** Whether that step knows the key. */
  readonly known: boolean;
}

/** A mark as the next row of its key tells of it. */
export interface TakenMark extends Pick<Mark, 'verdict' | 'startMs' | 'endMs'> {
  readonly alarms: number;
  /** The bar that it moved to, of several the highest or lowest; absent where it found no alarm. */
  readonly nats?: number;
}

export const directions = ['above', 'below', 'missing', 'other'] as const;
export type Direction = (typeof directions)[number];

/** One change of an alert, as it is told to people and machines: the same in every replay. */
export interface Alert {
  /** Hash of key, detector, rule and the start of the episode; never of anything that changes while it lasts. */
  readonly id: string;
  /** 1 when it fires, one more at every change: (id, revision) says which telling this is. */
  readonly revision: number;
  readonly status: 'firing' | 'resolved';
  readonly key: string;
  /** Name of the pipeline, and of the rule that made an alert of its anomaly. */
  readonly detector: string;
  readonly rule: string;
  readonly severity: Severity;
  /** What the rule says of all its alerts, and what it reads from the key. */
  readonly labels: Readonly<Record<string, string>>;
  /** Event time, RFC 3339; `endsAt` only when resolved. */
  readonly startsAt: string;
  readonly endsAt?: string;
  /** Event time of this change, ms since 1970. */
  readonly timeMs: number;
  /** Channel that was least expected at the peak, its value, and quantiles of what was forecast; null where unknown. */
  readonly channel: string;
  readonly value: number | null;
  readonly expected: { readonly p1: number | null; readonly p50: number | null; readonly p99: number | null };
  /** 1 less the smallest score: 0.999 where one normal row in a thousand looks so strange. */
  readonly likelihood: number;
  readonly direction: Direction;
  /** One sentence a person can act on. */
  readonly summary: string;
  /** What each part of the evidence added, largest first. */
  readonly why: readonly { readonly feature: string; readonly contribution: number; readonly text: string }[];
  /** Alarms, and anomalies that came back before it was resolved. */
  readonly alarms: number;
  readonly episodes: number;
  readonly model: string | null;
  readonly version: string | null;
  /** The record that began it. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** Incident that it was told with; null until it is delivered in a group. */
  readonly group: string | null;
  /** Where to look at the series at that time; null where no address was given. */
  readonly replay: string | null;
  /** Name of the silence or maintenance window that kept it from people. */
  readonly silencedBy?: string;
  /** Of many keys at once: how many, of how many that said something. */
  readonly together?: { readonly keys: number; readonly of: number };
  /** Id of the alert of many keys at once that this one of a single key is part of: while that fires, this is not told by itself. */
  readonly partOf?: string;
}

/** What the pipeline says of one event: how strange it was, and what it expects next. */
export interface Result extends Event {
  /** Negative log likelihood of the event under what was expected, in nats. */
  readonly surprise: number;
  /** Share of rows at least this strange (0.001: one in a thousand); at an alarm of all evidence smaller, by its strength. */
  readonly score: number;
  readonly alarm: boolean;
  /** Rows left until this key is judged: while it is above 0 nothing can alarm, with conformal evidence no single row. */
  readonly warmup?: number;
  /** Marks of this key that were taken in since its last row. */
  readonly marks?: readonly TakenMark[];
  readonly forecast: Forecast;
  /** For each channel of words what is expected next, the likeliest first. */
  readonly next?: readonly { readonly channel: string; readonly words: readonly Likely[] }[];
}
