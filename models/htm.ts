import { f64, i32, type Layout, type Row, u8, u32 } from '../state/layout.js';
import { mix, saltOf } from './encoders.js';
import { fieldOf, type Sight, usualEncoders } from './fields.js';
import { headLevels } from './head.js';
import { kernels } from './kernels/index.js';
import type { Input, MemoryOptions, Model, Prediction, WordPrediction } from './model.js';
import { sdrClassifier } from './sdr-classifier.js';
import { isValue } from './series.js';
import { poolerDefaults, spatialPooler } from './spatial-pooler.js';
import { type TemporalOptions, temporalDefaults, temporalMemory } from './temporal-memory.js';
import { unexpectedFields } from './unexpected-fields.js';
import { trackRecord } from './univariate.js';
import { wordMemory } from './word-memory.js';
import { hashOfText, wordLimitDefault } from './words.js';

/** How large an HTM is. */
export interface HtmShape {
  readonly temporal: TemporalOptions;
  /** Columns that win. */
  readonly winners: number;
  /** Areas with winners of their own, where inhibition is local: as many winners each. */
  readonly areas: number;
  /** Rows of classifier weights that cells share. */
  readonly cellRows: number;
}

/** The usual size: 2048 columns of 32 cells. */
export const htmShape: HtmShape = { temporal: temporalDefaults, winners: 40, areas: 8, cellRows: 2048 };

/** A thirtieth of the bytes, for thousands of keys: 512 columns of 8 cells. */
export const htmSmallShape: HtmShape = {
  temporal: {
    ...temporalDefaults,
    ...{ columns: 512, cells: 8, activeMax: 20, segments: 1024, synapses: 16 },
    ...{ activation: 8, minimum: 6, sample: 16 },
  },
  winners: 20,
  areas: 4,
  cellRows: 512,
};

export interface HtmOptions extends MemoryOptions {
  readonly shape?: HtmShape;
  /** Step of the classifier's weights. */
  readonly rate?: number;
}

/** Classes of the forecast distribution: four deviations to each side of the channel's middle. */
const classes = 32;
const classesPerScale = 4;
/** Share of the columns that must have been predicted, or it is told which fields were not expected. */
const expectedShare = 0.5;

/**
 * Hierarchical temporal memory: numbers, time of day and week (or the phases of the periods found) become sparse bits,
 * a fixed random pooler makes columns of them, a temporal memory learns their sequences, and a classifier tells what
 * follows: its mean, or with `whole` a whole distribution, with a peak for each end where a sequence branches. Surprise: −ln of
 * the share of columns that were predicted, or −log of the density of that distribution. Good at branching sequences, dear.
 * (Hawkins and Ahmad 2016; Cui, Ahmad and Hawkins 2016.)
 */
export function htm(options: HtmOptions) {
  return memoryOf('htm', htmShape, options);
}

/** The same in a thirtieth of the bytes. */
export function htmSmall(options: HtmOptions) {
  return memoryOf('htm-small', htmSmallShape, options);
}

function memoryOf(name: string, shape: HtmShape, options: HtmOptions) {
  const { channels, horizons, categories = [], words: limit = wordLimitDefault, seed = 1, whole = false } = options;
  const numbers = Array.from({ length: channels }, (_, c) => c).filter((c) => !categories.includes(c));
  if (options.encoders && numbers.length === 0) {
    throw new RangeError(
      'remember.encoders: expected a channel of numbers, all are of words, which need none: leave them out',
    );
  }
  const { temporal, winners } = options.shape ?? shape;
  const pattern =
    numbers.length > 0 ? patternMemory({ ...options, shape: options.shape ?? shape }, numbers) : undefined;
  const words =
    categories.length > 0 ? wordMemory({ temporal, winners, channels: categories, words: limit, seed }) : undefined;
  const keyed: Layout = { ...pattern?.keyed, ...(words ? { words: words.layout } : {}) };
  return {
    name,
    version: whole ? 4 : 3,
    seed,
    channels,
    horizons,
    explains: true,
    ...(whole ? { levels: headLevels } : {}),
    shared: pattern?.pooler.layout ?? {},
    keyed,
    init(shared) {
      pattern?.pooler.start(shared as Row<typeof pattern.pooler.layout>, seed);
    },
    initKey(_, row) {
      pattern?.start(row);
      words?.start(row.words as Row<Layout>);
    },
    step(shared, row, input, out) {
      out.surprise = 0;
      out.unexpected = undefined;
      pattern?.step(shared as Row<typeof pattern.pooler.layout>, row, input, out);
      if (!words) return;
      const said: WordPrediction[] = [];
      out.surprise += words.step(row.words as Row<Layout>, input.words ?? [], said);
      out.words = said;
    },
  } satisfies Model<Layout, Layout>;
}

/** The part that sees numbers: what it encodes, and what it makes of them. */
function patternMemory(options: HtmOptions & { readonly shape: HtmShape }, numbers: readonly number[]) {
  const { channels, horizons, categories = [], seed = 1, whole = false, inhibition = 'global' } = options;
  const { temporal, winners, cellRows } = options.shape;
  const { names: called = Array.from({ length: channels }, (_, c) => `c${c}`) } = options;
  const fields = (options.encoders ?? usualEncoders(called, categories)).map((spec, f) =>
    fieldOf(spec, called, categories, saltOf(seed), `remember.encoders[${f}]`),
  );
  const starts = fields.map((_, f) => fields.slice(0, f).reduce((sum, { size }) => sum + size, 0));
  const inputs = fields.reduce((sum, { size }) => sum + size, 0);
  // Every active feature moves the sum: the fewer there are, the farther each must.
  const { rate = 0.8 / winners } = options;
  const { columns } = temporal;
  const memory = temporalMemory(temporal);
  const areas = inhibition === 'local' ? options.shape.areas : 1;
  const pooler = spatialPooler({ ...poolerDefaults, inputs, columns, winners, areas });
  const why = unexpectedFields({ fields, starts, columns, level: pooler.level });
  const activeMax = 2 * winners;
  const classifier = sdrClassifier({ rows: columns + cellRows, activeMax, horizons, buckets: classes, rate, whole });
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
  const parts = numbers.map((c) => `c${c}`);
  const common = {
    rows: f64(),
    timeMs: f64(),
    gapMs: f64(),
    bits: u32(fields.reduce((sum, { width }) => sum + width, 0)),
    /** Points of the fields at the last row. */
    points: f64(fields.length),
    columns: u32(winners),
    overlap: u8(2 * columns),
    features: i32(activeMax),
    expected: u32(columns),
    temporal: memory.layout,
  };
  type Common = Row<typeof common>;
  const keyed: Layout = { ...common, ...Object.fromEntries(parts.map((name) => [name, channel])) };
  const count = horizons.length;
  // Written before they are read, at every row.
  const points = new Float64Array(fields.length);
  const before = new Float64Array(channels);

  /** Where a number lies among the classes, as a real number; far ones beyond them. */
  const placeOf = ({ middle, scale }: Channel, value: number): number =>
    ((value - middle[0]) / scale[0]) * classesPerScale + classes / 2;
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

  /** Writes the quantiles of the distribution that was read last. */
  function tell(own: Channel, t: number, h: number, quantiles: Float64Array, to: number): void {
    classifier.quantiles(own.classifier, t, h, quantiles, to);
    for (let l = to; l < to + headLevels.length; l++) quantiles[l] = numberAt(own, quantiles[l]);
  }

  /** What the fields are made of at a row. */
  function sightOf(own: Common, row: Row<Layout>, { values, words, timeMs, periods }: Input): Sight {
    return {
      ...{ values, words, timeMs, periods, row: own.rows[0], gapMs: own.gapMs[0] },
      scale: (c) => (row[`c${c}`] as unknown as Channel).scale[0],
      before: (c) => before[c],
      hash: (c) => hashOfText(words?.[c] ?? ''),
    };
  }

  /** The bits of a row; how many. */
  function encode(own: Common, sight: Sight): number {
    let end = 0;
    fields.forEach((field, f) => {
      points[f] = field.point(sight);
      if (!Number.isNaN(points[f])) end = field.write(points[f], starts[f], own.bits, end);
    });
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
    pooler,
    keyed,
    start(row: Row<Layout>): void {
      const own = row as unknown as Common;
      memory.start(own.temporal, seed);
      own.points.fill(Number.NaN);
    },
    step(shared: Row<typeof pooler.layout>, row: Row<Layout>, input: Input, out: Prediction): void {
      const own = row as unknown as Common;
      const { values, timeMs, scale } = input;
      const t = own.rows[0];
      if (own.gapMs[0] === 0 && t > 0 && timeMs > own.timeMs[0]) own.gapMs[0] = timeMs - own.timeMs[0];
      own.timeMs[0] = timeMs;
      const each = (work: (part: Channel, c: number) => void): void => {
        for (const [k, c] of numbers.entries()) work(row[parts[k]] as unknown as Channel, c);
      };
      each((part, c) => {
        before[c] = part.scale[0] > 0 ? part.last[0] : Number.NaN;
        if (!isValue(values[c])) return;
        // In the classes of then, which the value may move.
        if (whole && t >= horizons[0] && part.scale[0] > 0) {
          out.surprise += classifier.surprise(part.classifier, t, placeOf(part, values[c]));
          out.surprise += kernels.log(part.scale[0] / classesPerScale);
        }
        const middle = part.middle[0];
        const unit = part.scale[0];
        settle(part, values[c], scale[c], t);
        if (whole && unit > 0 && (part.middle[0] !== middle || part.scale[0] !== unit)) {
          const factor = unit / part.scale[0];
          classifier.move(part.classifier, factor, placeOf(part, middle) - (factor * classes) / 2);
        }
        record.score(part.record, t, values[c], part.scale[0]);
        part.last[0] = values[c];
        const place = Math.max(0, Math.min(classes - 1, placeOf(part, values[c])));
        const lower = Math.min(classes - 2, Math.floor(place));
        classifier.learn(part.classifier, t, lower, place - lower);
      });
      const sight = sightOf(own, row, input);
      const bits = encode(own, sight);
      const n = pooler.winners(shared, own.bits, bits, own.overlap, own.columns);
      if (t > 0) memory.expected(own.temporal, own.expected);
      const predicted = n > 0 ? memory.step(own.temporal, own.columns, n) : 0;
      if (!whole && n > 0 && t > 0) out.surprise = -kernels.log((predicted + 0.5) / (n + 0.5));
      if (n > 0 && t > 0 && predicted < expectedShare * n) {
        out.unexpected = why(shared.permanence, own.expected, { points, before: own.points, sight });
      }
      own.points.set(points);
      const features = featuresOf(own, n);
      each((part, c) => {
        const at = c * count;
        if (part.scale[0] === 0) {
          out.mean.fill(Number.NaN, at, at + count);
          out.spread.fill(Number.NaN, at, at + count);
          if (whole) out.quantiles?.fill(Number.NaN, at * headLevels.length, (at + count) * headLevels.length);
          return;
        }
        classifier.keep(part.classifier, t, own.features, features);
        for (let h = 0; h < count; h++) {
          const share = classifier.read(part.classifier, t, h);
          let place = 0;
          for (let b = 0; b < classes; b++) place += share[b] * b;
          if (whole && out.quantiles) tell(part, t, h, out.quantiles, (at + h) * headLevels.length);
          out.mean[at + h] = numberAt(part, place);
          out.spread[at + h] = record.spread(part.record, h, part.scale[0]);
        }
        record.keep(part.record, t, out.mean, at);
      });
      own.rows[0] = t + 1;
    },
  };
}
