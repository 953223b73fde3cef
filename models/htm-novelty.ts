import { f64, type Row, u8, u32 } from '../state/layout.js';
import { octaveBits, octavesWidth, partWidth, phaseBits, scalarSize } from './encoders.js';
import { kernels } from './kernels/index.js';
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
/** Steps of the finest octave, at least, in the range that a channel has shown, with a fifth of it to each side. */
const steps = 130 / 1.4;

/**
 * The published detector's memory, without its look into the future: numbers and time of day become bits, a learning
 * pooler makes columns of them, and a temporal memory that forgets no transition tells which columns it has not seen follow.
 * It forecasts nothing: how much of a row is new is all it says. 1.7 MB a key and 0.5 MB a channel.
 *
 * The step of the encoder comes from the range so far, where the published one knows lowest and highest value of the whole file.
 * Lavin and Ahmad 2015, Evaluating Real-Time Anomaly Detection Algorithms; Ahmad et al. 2017, Unsupervised Real-Time Anomaly
 * Detection for Streaming Data. Known weakness: when the range doubles, a third of the bits is new and must be learnt.
 */
export function htmNovelty({ channels, seed = 1 }: HtmNoveltyOptions) {
  const inputs = channels * scalarSize + daySize;
  const pooler = spatialPooler({ ...poolerDefaults, inputs, columns, winners, above: 0.5, below: 0.2 });
  const memory = temporalMemory({
    ...temporalDefaults,
    ...{ columns, cells: 16, activeMax: winners, segments: 8192, synapses: 16, sample: 12 },
    // What was seen once counts for ever, what fires must have been seen thrice; nothing is punished and all cells burst.
    ...{
      activation: 7,
      minimum: 7,
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
    /** Finest octave of each channel's encoder, and whether it is known. */
    octave: f64(channels),
    known: u8(channels),
    bits: u32(channels * octavesWidth + partWidth),
    columns: u32(winners),
    overlap: u8(2 * columns),
    /** Per column whether anything that was ever seen to follow foretells it. */
    foretold: u32(columns),
    pooler: pooler.layout,
    temporal: memory.layout,
  };
  type Own = Row<typeof layout>;

  /** Takes a number into the range, and the octave after it, which never falls again. */
  function settle({ rows, low, high, octave, known }: Own, c: number, value: number): void {
    low[c] = known[c] ? Math.min(low[c], value) : value;
    high[c] = known[c] ? Math.max(high[c], value) : value;
    const width = high[c] - low[c];
    const wanted = width > 0 ? width / steps : Math.max(1e-9, Math.abs(value)) / (1.4 * steps);
    const next = Math.max(-1000, Math.ceil(kernels.log(wanted) / Math.LN2));
    // A single value tells no range.
    octave[c] = rows[0] < 2 || !known[c] ? next : Math.max(octave[c], next);
    known[c] = 1;
  }

  return {
    layout,
    /** Begins on a zeroed row. */
    start(own: Own): void {
      pooler.start(own.pooler, seed);
      memory.start(own.temporal, seed);
    },
    /** Share of the row's columns that nothing foretold; it is then learnt. 0 where no value is known. */
    step(own: Own, values: ArrayLike<number>, timeMs: number): number {
      let end = 0;
      for (let c = 0; c < channels; c++) {
        if (!isValue(values[c])) continue;
        settle(own, c, values[c]);
        end = octaveBits(values[c], own.octave[c], c * scalarSize, own.bits, end);
      }
      own.rows[0]++;
      if (end === 0) return 0;
      end = phaseBits(timeMs / dayMs, channels * scalarSize, own.bits, end, daySize);
      const count = pooler.winners(own.pooler, own.bits, end, own.overlap, own.columns);
      pooler.learn(own.pooler, own.bits, end, own.columns, count);
      memory.expected(own.temporal, own.foretold, true);
      let seen = 0;
      for (let i = 0; i < count; i++) if (own.foretold[own.columns[i]] > 0) seen++;
      memory.step(own.temporal, own.columns, count);
      return count > 0 ? 1 - seen / count : 0;
    },
  };
}
