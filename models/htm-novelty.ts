import { f64, type Row, u8, u32 } from '../state/layout.js';
import { partWidth, phaseBits, scalarBits, scalarSize, stepOf } from './encoders.js';
import { isValue } from './series.js';
import { poolerDefaults, spatialPooler } from './spatial-pooler.js';
import { temporalDefaults, temporalMemory } from './temporal-memory.js';

export interface HtmNoveltyOptions {
  readonly channels: number;
  readonly seed?: number;
}

const columns = 1024;
const winners = 20;
/** Bits of the time of day, of which 21 are set: nine hours share some. */
const daySize = 54;
const dayMs = 86_400_000;
/** Steps of the encoder in the range that a channel has shown, with a fifth of it to each side. */
const steps = 130 / 1.4;
/** How much the range must outgrow the steps it was divided into before it is divided anew. */
const growth = 1.5;
/** The past is taken in anew no sooner than so many rows, and so much of the key's age, after the last time. */
const leastRows = 50;
const leastShare = 0.25;
/** Rows of the past that are taken in anew, at most. */
export const pastRows = 4096;
/** Active synapses by which a segment has seen this before, and by which one foretells that has been right thrice. */
const seenBy = 7;
const knownBy = 5;

/**
 * The published detector's memory, without its look into the future: numbers and time of day become bits, a learning
 * pooler makes columns of them, and a temporal memory that forgets no transition tells which columns it has not seen follow.
 * It forecasts nothing: how much of a row is new is all it says. 1.7 MB a key and 0.6 MB a channel.
 *
 *   new = ½ share of columns that no segment of 7 active synapses foretells + ½ of those that none of 5 active connected ones does
 *
 * The step of the encoder comes from the range so far, where the published one knows lowest and highest value of the whole
 * file. When the range has outgrown it by half, all begins afresh: the past is taken in anew with the new step, as if that
 * had been known from the start, and what was said of those rows is said anew, for those who learn from it.
 * Lavin and Ahmad 2015, Evaluating Real-Time Anomaly Detection Algorithms; Ahmad et al. 2017, Unsupervised Real-Time Anomaly
 * Detection for Streaming Data. Known weakness: a row at which that happens costs as much as up to 4,096 others, and one
 * wild value makes the steps coarse for good.
 */
export function htmNovelty({ channels, seed = 1 }: HtmNoveltyOptions) {
  const inputs = channels * scalarSize + daySize;
  const pooler = spatialPooler({ ...poolerDefaults, inputs, columns, winners, above: 0.5, below: 0.2 });
  const memory = temporalMemory({
    ...temporalDefaults,
    ...{ columns, cells: 4, activeMax: winners, segments: 8192, synapses: 16, sample: 10 },
    // What was seen once is never forgotten, what fires must have been seen thrice; nothing is punished and all cells burst.
    ...{
      activation: 7,
      minimum: 5,
      initial: 0.21,
      decrement: 0.1,
      punishment: 0,
      doubt: 0,
      patience: 0,
      strict: false,
    },
  });
  const layout = {
    rows: u32(),
    low: f64(channels),
    high: f64(channels),
    known: u8(channels),
    /** Step of each channel's encoder, and whether it comes from a range: a single value tells none. */
    step: f64(channels),
    ranged: u8(channels),
    /** Row before which the past is not taken in anew. */
    next: u32(),
    /** Rows of the past that the last step took in anew. */
    renewed: u32(),
    /** The newest rows, row by row, and what was said of them: a ring. */
    values: f64(pastRows * channels),
    times: f64(pastRows),
    shares: f64(pastRows),
    bits: u32(channels * partWidth + partWidth),
    columns: u32(winners),
    overlap: u8(2 * columns),
    /** Per column whether anything foretells it. */
    seen: u32(columns),
    certain: u32(columns),
    pooler: pooler.layout,
    temporal: memory.layout,
  };
  type Own = Row<typeof layout>;

  /** Takes a number into the range of its channel. */
  function widen({ low, high, known }: Own, c: number, value: number): void {
    low[c] = known[c] ? Math.min(low[c], value) : value;
    high[c] = known[c] ? Math.max(high[c], value) : value;
    known[c] = 1;
  }

  /** Whether the steps of a channel no longer fit its range. */
  function outgrown({ rows, low, high, known, step, ranged }: Own, c: number): boolean {
    if (known[c] === 0 || rows[0] < 2) return known[c] === 1;
    const found = ranged[c] === 0 && rows[0] >= leastRows && high[c] > low[c];
    return found || stepFor(low[c], high[c]) > growth * step[c];
  }

  /** Divides the ranges anew. */
  function divide({ low, high, known, step, ranged }: Own): void {
    for (let c = 0; c < channels; c++) {
      if (known[c] === 0) continue;
      step[c] = stepFor(low[c], high[c]);
      ranged[c] = Number(high[c] > low[c]);
    }
  }

  /** Begins afresh, and takes in what is left of the past. */
  function renew(own: Own): void {
    const rows = own.rows[0];
    const count = Math.min(rows, pastRows);
    clear(own.pooler);
    clear(own.temporal);
    begin(own);
    for (let row = rows - count; row < rows; row++) {
      const at = row % pastRows;
      own.shares[at] = learn(own, own.values, at * channels, own.times[at]);
    }
    own.renewed[0] = count;
    own.next[0] = rows + Math.max(leastRows, Math.ceil(leastShare * rows));
  }

  function begin(own: Own): void {
    pooler.start(own.pooler, seed);
    memory.start(own.temporal, seed);
  }

  /** How much of a row is new, which it then no longer is. */
  function learn(own: Own, values: ArrayLike<number>, from: number, timeMs: number): number {
    let end = 0;
    for (let c = 0; c < channels; c++) {
      const value = values[from + c];
      if (isValue(value)) end = scalarBits(stepOf(value, own.step[c]), c * scalarSize, own.bits, end);
    }
    end = phaseBits(timeMs / dayMs, channels * scalarSize, own.bits, end, daySize);
    const count = pooler.winners(own.pooler, own.bits, end, own.overlap, own.columns);
    pooler.learn(own.pooler, own.bits, end, own.columns, count);
    memory.expected(own.temporal, own.seen, true, seenBy);
    memory.expected(own.temporal, own.certain, false, knownBy);
    let foretold = 0;
    for (let i = 0; i < count; i++) {
      const column = own.columns[i];
      foretold += Number(own.seen[column] > 0) + Number(own.certain[column] > 0);
    }
    memory.step(own.temporal, own.columns, count);
    return count > 0 ? 1 - foretold / (2 * count) : 0;
  }

  return {
    layout,
    /** Begins on a zeroed row. */
    start: begin,
    /**
     * How much of a row is new, from 0 to 1; it is then learnt. 0 where no value is known. Where `renewed` is then not 0, so
     * many of the rows before have new `shares` in their ring.
     */
    step(own: Own, values: ArrayLike<number>, timeMs: number): number {
      own.renewed[0] = 0;
      let any = false;
      let due = false;
      for (let c = 0; c < channels; c++) {
        if (!isValue(values[c])) continue;
        any = true;
        const first = own.known[c] === 0;
        widen(own, c, values[c]);
        // A channel that comes late needs a step, and nothing of the past.
        if (first) own.step[c] = stepFor(values[c], values[c]);
        if (outgrown(own, c)) due = true;
      }
      if (!any) return 0;
      if (due && own.rows[0] < 2) divide(own);
      else if (due && own.rows[0] >= own.next[0]) {
        divide(own);
        renew(own);
      }
      const at = own.rows[0] % pastRows;
      for (let c = 0; c < channels; c++) own.values[at * channels + c] = values[c];
      own.times[at] = timeMs;
      own.shares[at] = learn(own, own.values, at * channels, timeMs);
      own.rows[0]++;
      return own.shares[at];
    },
  };
}

/** Step of an encoder for a range, or for a single value. */
function stepFor(low: number, high: number): number {
  const width = high - low;
  return width > 0 ? Math.max(1e-300, width / steps) : Math.max(1e-9, Math.abs(low)) / (1.4 * steps);
}

interface Numbers {
  readonly [name: string]: { fill(value: number): unknown } | Numbers;
}

/** A row of state as it was before anything began. */
function clear(row: Numbers): void {
  for (const part of Object.values(row)) {
    if (typeof part.fill === 'function') part.fill(0);
    else clear(part as Numbers);
  }
}
