import { f64, i32, type Layout, type Row, u8, u32 } from '../state/layout.js';
import { mix, partWidth, phaseBits, phaseSize, scalarBits, scalarSize, stepOf } from './encoders.js';
import { kernels } from './kernels/index.js';
import type { Input, MemoryOptions, Model } from './model.js';
import { sdrClassifier } from './sdr-classifier.js';
import { isValue, modulo } from './series.js';
import { poolerDefaults, spatialPooler } from './spatial-pooler.js';
import { type TemporalOptions, temporalDefaults, temporalMemory } from './temporal-memory.js';
import { trackRecord } from './univariate.js';

/** How large an HTM is. */
export interface HtmShape {
  readonly temporal: TemporalOptions;
  /** Columns that win. */
  readonly winners: number;
  /** Rows of classifier weights that cells share. */
  readonly cellRows: number;
}

/** The usual size: 2048 columns of 32 cells. */
export const htmShape: HtmShape = { temporal: temporalDefaults, winners: 40, cellRows: 2048 };

/** A sixth of the bytes, for thousands of keys: 512 columns of 8 cells. */
export const htmSmallShape: HtmShape = {
  temporal: {
    ...temporalDefaults,
    ...{ columns: 512, cells: 8, activeMax: 20, segments: 1024, synapses: 16 },
    ...{ activation: 8, minimum: 6, sample: 16 },
  },
  winners: 20,
  cellRows: 512,
};

export interface HtmOptions extends MemoryOptions {
  readonly shape?: HtmShape;
  /** Step of the classifier's weights. */
  readonly rate?: number;
  /** Steps of the encoder in one running deviation. */
  readonly fineness?: number;
}

/** Classes of the forecast distribution: four deviations to each side of where the channel began. */
const classes = 32;
const classesPerScale = 4;
/** Rows between times of day, within which the clock is worth encoding. */
const clockMs = [5 * 60_000, 12 * 3_600_000] as const;
const dayMs = 86_400_000;
/** 1 January 1970 was a Thursday. */
const weekday = 4;

/**
 * Hierarchical temporal memory: numbers, time of day and week (or the phases of the periods found) become sparse bits,
 * a fixed random pooler makes columns of them, a temporal memory learns their sequences, and a classifier tells what
 * follows. Surprise: −ln of the share of columns that were predicted. Good at branching sequences, dear.
 * (MODELS 3.4; Hawkins and Ahmad 2016; Cui, Ahmad and Hawkins 2016.)
 */
export function htm(options: HtmOptions) {
  return memoryOf('htm', htmShape, options);
}

/** The same in a sixth of the bytes. */
export function htmSmall(options: HtmOptions) {
  return memoryOf('htm-small', htmSmallShape, options);
}

function memoryOf(name: string, usual: HtmShape, options: HtmOptions) {
  const { channels, horizons, seed = 1, shape = usual, fineness = 16 } = options;
  const { temporal, winners, cellRows } = shape;
  // Every active feature moves the sum: the fewer there are, the farther each must.
  const { rate = 0.8 / winners } = options;
  const { columns } = temporal;
  const memory = temporalMemory(temporal);
  const inputs = channels * scalarSize + 2 * phaseSize;
  const pooler = spatialPooler({ ...poolerDefaults, inputs, columns, winners });
  const activeMax = 2 * winners;
  const classifier = sdrClassifier({ rows: columns + cellRows, activeMax, horizons, buckets: classes, rate });
  const record = trackRecord(horizons);
  const channel = {
    /** Deviation that steps and classes are counted in, 0 before the first value; and the middle of the classes. */
    scale: f64(),
    middle: f64(),
    mean: f64(),
    last: f64(),
    classifier: classifier.layout,
    record: record.layout,
  };
  type Channel = Row<typeof channel>;
  const names = Array.from({ length: channels }, (_, c) => `c${c}`);
  const common = {
    rows: f64(),
    timeMs: f64(),
    gapMs: f64(),
    bits: u32(channels * partWidth + 2 * partWidth),
    columns: u32(winners),
    overlap: u8(2 * columns),
    features: i32(activeMax),
    temporal: memory.layout,
  };
  type Common = Row<typeof common>;
  const keyed: Layout = { ...common, ...Object.fromEntries(names.map((name) => [name, channel])) };
  const count = horizons.length;

  /** Where a number lies among the classes, as a real number. */
  const placeOf = ({ middle, scale }: Channel, value: number): number =>
    Math.max(0, Math.min(classes - 1, ((value - middle[0]) / scale[0]) * classesPerScale + classes / 2));
  const numberAt = ({ middle, scale }: Channel, place: number): number =>
    middle[0] + ((place - classes / 2) / classesPerScale) * scale[0];

  /** Takes over a scale, and moves the classes, when the channel has left what they can tell apart. */
  function settle(own: Channel, value: number, scale: number, t: number): void {
    own.mean[0] += (value - own.mean[0]) / Math.min(t + 1, 200);
    const unit = scale > 0 ? scale : own.scale[0] > 0 ? own.scale[0] : Math.max(1e-9, Math.abs(value));
    if (own.scale[0] === 0) {
      own.scale[0] = unit;
      own.mean[0] = own.middle[0] = value;
    }
    const ratio = unit / own.scale[0];
    if (ratio >= 4 || ratio <= 0.25 || (t < 200 && ratio !== 1)) own.scale[0] = unit;
    if (!(Math.abs(own.mean[0] - own.middle[0]) < 2 * own.scale[0])) own.middle[0] = own.mean[0];
  }

  /** The bits of a row; how many. */
  function encode(own: Common, parts: readonly Channel[], { values, timeMs, periods }: Input): number {
    let end = 0;
    for (let c = 0; c < channels; c++) {
      const { scale } = parts[c];
      if (!isValue(values[c]) || scale[0] === 0) continue;
      end = scalarBits(stepOf(values[c], scale[0] / fineness), c * scalarSize, own.bits, end);
    }
    const from = channels * scalarSize;
    const gap = own.gapMs[0];
    if (gap >= clockMs[0] && gap <= clockMs[1]) {
      end = phaseBits(modulo(timeMs, dayMs) / dayMs, from, own.bits, end);
      return phaseBits((timeMs / dayMs + weekday) / 7, from + phaseSize, own.bits, end);
    }
    for (let i = 0; i < 2 && i < periods.length; i++) {
      if (periods[i] >= 2) end = phaseBits(own.rows[0] / periods[i], from + i * phaseSize, own.bits, end);
    }
    return end;
  }

  /** What the classifier looks at: the active columns, and the cells of those that were predicted. */
  function featuresOf(own: Common, n: number): number {
    let end = 0;
    for (let i = 0; i < n; i++) own.features[end++] = own.columns[i];
    // A column that was not predicted tells no more than that it is active.
    const cells = memory.foreseen(own.temporal);
    for (let i = 0; i < cells.length && end < activeMax; i++)
      own.features[end++] = columns + (mix(cells[i]) % cellRows);
    return end;
  }

  return {
    name,
    version: 1,
    seed,
    channels,
    horizons,
    shared: pooler.layout,
    keyed,
    init(shared) {
      pooler.start(shared as Row<typeof pooler.layout>, seed);
    },
    initKey(_, row) {
      memory.start((row as unknown as Common).temporal, seed);
    },
    step(shared, row, input, out) {
      const own = row as unknown as Common;
      const parts = names.map((name) => row[name] as unknown as Channel);
      const { values, timeMs, scale } = input;
      const t = own.rows[0];
      if (own.gapMs[0] === 0 && t > 0 && timeMs > own.timeMs[0]) own.gapMs[0] = timeMs - own.timeMs[0];
      own.timeMs[0] = timeMs;
      parts.forEach((part, c) => {
        if (!isValue(values[c])) return;
        settle(part, values[c], scale[c], t);
        record.score(part.record, t, values[c], part.scale[0]);
        part.last[0] = values[c];
        const place = placeOf(part, values[c]);
        const lower = Math.min(classes - 2, Math.floor(place));
        classifier.learn(part.classifier, t, lower, place - lower);
      });
      const bits = encode(own, parts, input);
      const n = pooler.winners(shared as Row<typeof pooler.layout>, own.bits, bits, own.overlap, own.columns);
      const predicted = n > 0 ? memory.step(own.temporal, own.columns, n) : 0;
      out.surprise = n > 0 && t > 0 ? -kernels.log((predicted + 0.5) / (n + 0.5)) : 0;
      const features = featuresOf(own, n);
      parts.forEach((part, c) => {
        const at = c * count;
        if (part.scale[0] === 0) {
          out.mean.fill(Number.NaN, at, at + count);
          out.spread.fill(Number.NaN, at, at + count);
          return;
        }
        classifier.keep(part.classifier, t, own.features, features);
        for (let h = 0; h < count; h++) {
          const share = classifier.read(part.classifier, t, h);
          let place = 0;
          for (let b = 0; b < classes; b++) place += share[b] * b;
          out.mean[at + h] = numberAt(part, place);
          out.spread[at + h] = record.spread(part.record, h, part.scale[0]);
        }
        record.keep(part.record, t, out.mean, at);
      });
      own.rows[0] = t + 1;
    },
  } satisfies Model<Layout, Layout>;
}
