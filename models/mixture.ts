import { f64, type Layout, type Row } from '../state/layout.js';
import { blending, grownRows } from './blending.js';
import { reservoir, reservoirForget } from './echo-state.js';
import { kernels } from './kernels/index.js';
import { neighbours, pastWindows } from './knn.js';
import { firstOf, guestMember, members as ownMembers, seasonal } from './mixture-members.js';
import { type MemoryOptions, type Model, type Prediction, predictionOf } from './model.js';
import { readout } from './readout.js';
import { resonatorBank } from './resonator.js';
import { autoregression, lagFeatures } from './rls.js';
import { season } from './seasonal-rls.js';
import { append, isValue, modulo, type Series, seriesLayout, slotOf, takePeriods, valueAt } from './series.js';
import { clear, replayRowsMax } from './univariate.js';

/** Rows of values and of residuals that are searched for neighbours, powers of two. */
const valueRows = 16_384;
const residualRows = 8192;
/** Residuals that a profile needs for its lags alone. */
const lagRows = 4096;
/** Rows that the seasonal parts go through again in one event, while they catch up after new periods: some 2 ms. */
const catchUpRows = (horizons: number): number => Math.max(16, Math.floor(60 / (1 + horizons / 24)));
/** A second autoregression on the values, of few lags, that forgets in some 70 rows. */
const swiftLags = 8;
const swiftForget = 0.985;
/** Weight of the newest size in the mean of the sizes that the long profile expects. */
const typicalRate = 0.002;

/** What never was negative is not forecast to be: counts, loads, speeds. One negative value ends it for good. */
const floorOf = ({ low }: Series): number => (low[0] >= 0 ? 0 : Number.NEGATIVE_INFINITY);

/** The parts that one channel is remembered by. */
function partsOf(options: MemoryOptions, members: number) {
  return {
    short: season({ ...options, period: 'short', cycles: 6, forget: [0.999], residuals: lagRows, narrow: true }),
    long: season({ ...options, period: 'long', cycles: 4, forget: [0.999, 0.997, 0.98], residuals: residualRows }),
    wide: season({ ...options, period: 'long', cycles: 8, forget: [0.999], residuals: lagRows, narrow: true }),
    lags: autoregression(options),
    swift: readout(lagFeatures(swiftLags), { ...options, forget: swiftForget }),
    resonator: resonatorBank({ ...options, shortPoles: 16, longPoles: 24 }),
    echo: readout(reservoir(options.seed ?? 1), { ...options, forget: reservoirForget }),
    near: pastWindows({ ...options, width: 48, capacity: valueRows }),
    residualNear: neighbours({ ...options, width: 24, capacity: residualRows }),
    blending: blending(options, members),
  };
}
type Parts = ReturnType<typeof partsOf>;

function channelLayout({ horizons }: MemoryOptions, parts: Parts) {
  return {
    series: seriesLayout(valueRows),
    short: parts.short.layout,
    long: parts.long.layout,
    wide: parts.wide.layout,
    lags: parts.lags.layout,
    swift: parts.swift.layout,
    resonator: parts.resonator.layout,
    echo: parts.echo.layout,
    near: parts.near.layout,
    residualNear: parts.residualNear.layout,
    blending: parts.blending.layout,
    /** Mean of the sizes that the long profile expected, per horizon. */
    typical: f64(horizons.length),
    /** The row that the parts which live by the periods learn next; behind the newest row they catch up. */
    learned: f64(),
    /** Typical error that the last forecasts of the shortest horizon were given. */
    spread: f64(horizons[0]),
  };
}
type Channel = Row<ReturnType<typeof channelLayout>>;

/**
 * The default memory: twenty-three small forecasters of every horizon and an online mixture of them that needs no tuning
 * (MODELS 4.1). Labels that mature are judged first, then the parts learn, take in the row and forecast, then they are
 * mixed in five ways, one of the five is mended by its recent errors, and the six are mixed by regret.
 * Good on anything with seasons, level and repeats. Costs some 45 us per event and 560 kB per key and channel with one horizon,
 * 260 us and 1.7 MB with 48. New periods make the parts that live by them start anew from the last 4,096 rows, some 60 of
 * them at every event, until they have caught up; meanwhile the profiles alone speak for them.
 */
export function mixture(options: MemoryOptions) {
  return mixtureOf('default', 4, options);
}

/** The same, with the forecasts of a whole memory of all channels as one member more. */
export function mixtureOf(name: string, version: number, options: MemoryOptions, guest?: Model) {
  const { channels, horizons, seed = 1 } = options;
  const count = horizons.length;
  const members = guest ? [...ownMembers, guestMember] : ownMembers;
  const ownCount = ownMembers.length;
  const parts = partsOf(options, members.length);
  const behindMax = catchUpRows(count);
  const channel = channelLayout(options, parts);
  const names = Array.from({ length: channels }, (_, c) => `c${c}`);
  const keyed: Layout = {
    ...Object.fromEntries(names.map((name) => [name, channel])),
    ...(guest ? { guest: guest.keyed } : {}),
  };
  const shared: Layout = guest?.shared ?? {};
  const partOf = (row: Row<Layout>, name: string) => row[name] as unknown as Channel;
  // All are written before they are read, in every step: no state.
  const forecasts = new Float64Array((members.length + 1) * count);
  const mixed = { mean: 0, apart: 0 };
  const said = guest && predictionOf(guest);

  /** Surprise of a value under what was expected of it at the shortest horizon; then all forecasts for it are judged. */
  function judge(own: Channel, t: number, value: number): number {
    const scale = own.series.scale[0] || 1;
    let surprise = 0;
    if (t >= horizons[0]) {
      // Laplace density of the error: 1/2b exp(-|e|/b).
      const b = Math.max(own.spread[modulo(t, horizons[0])], scale * 1e-6);
      surprise = Math.abs(value - parts.blending.said(own.blending, t, 0)) / b + kernels.log((2 * b) / scale);
    }
    parts.blending.learn(own.blending, t, value);
    return surprise;
  }

  /** The parts that live by the periods start anew, from the rows that are still held. */
  function begin(own: Channel, t: number): void {
    for (const part of seasonal) {
      clear(own[part]);
      parts[part].start(own[part] as never, own.series);
    }
    parts.blending.begin(own.blending, own.series);
    own.residualNear.begun[0] = 0;
    own.typical.fill(0);
    own.learned[0] = Math.max(0, t - replayRowsMax, own.series.rows[0] - own.series.value.length);
  }

  /** The seasonal parts learn a row and forecast from it. */
  function learnSeasons(own: Channel, t: number): void {
    const { series } = own;
    parts.short.step(own.short, series, t, forecasts, firstOf.short * count, count);
    parts.long.step(own.long, series, t, forecasts, firstOf.long * count, count);
    // Its last cycle is that of the profile before, so its place is the next one's and written over.
    parts.wide.step(own.wide, series, t, forecasts, firstOf.wide * count, count);
    parts.resonator.step(own.resonator, series, t, forecasts, firstOf.resonator * count);
    parts.echo.step(own.echo, series, t, forecasts, firstOf.echo * count);
    own.learned[0] = t + 1;
  }

  /** Whether the seasonal parts have learned row t. */
  const isCurrent = (own: Channel, t: number): boolean => own.learned[0] > t;

  /** Every part learns row t and forecasts. */
  function ask(own: Channel, t: number): void {
    const { series } = own;
    for (let rows = 0; rows < behindMax && own.learned[0] < t; rows++) learnSeasons(own, own.learned[0]);
    forecasts.fill(valueAt(series, t), 0, ownCount * count);
    if (own.learned[0] === t) learnSeasons(own, t);
    else {
      parts.short.outline(series, t, forecasts, firstOf.short * count, count);
      parts.long.outline(series, t, forecasts, firstOf.long * count, count);
      parts.wide.outline(series, t, forecasts, firstOf.wide * count, count);
    }
    parts.lags.step(own.lags, series, t, forecasts, firstOf.lags * count);
    parts.swift.step(own.swift, series, t, forecasts, firstOf.lagsSwift * count);
    parts.near.step(own.near, series, t, forecasts, firstOf.knn * count, count);
    askResiduals(own, t);
    for (let j = 0; j < ownCount * count; j++) {
      if (!isValue(forecasts[j])) forecasts[j] = valueAt(series, t);
    }
    if (t < grownRows) {
      forecasts.fill(Number.NaN, firstOf.swift * count, (firstOf.swift + 1) * count);
      forecasts.fill(Number.NaN, firstOf.lagsSwift * count, (firstOf.lagsSwift + 1) * count);
    }
  }

  /** What the standardised residuals did after windows like now, and after the neighbours of the values. */
  function askResiduals(own: Channel, t: number): void {
    const { series, long, near, residualNear } = own;
    // The long profile keeps them in 64 bits, which the kernels read.
    const ring = long.residual as Float64Array;
    const first = long.begun[0] - 1;
    const known = first >= 0 && isCurrent(own, t);
    if (known) parts.residualNear.step(residualNear, ring, t, first);
    const now = known ? ring[slotOf(ring, t)] : 0;
    const found = residualNear.found[0] > 0;
    const shift = known && found ? 0.5 * (now - parts.residualNear.read(residualNear, ring, t, 0)) : 0;
    for (let i = 0; i < count; i++) {
      const at = firstOf.residual * count + i;
      const place = parts.long.place(t, i);
      const middle = known ? long.expected[place] : valueAt(series, t);
      const size = known ? long.size[place] : 0;
      const follow = known && found ? parts.residualNear.read(residualNear, ring, t, horizons[i]) : 0;
      let other = 0;
      for (let q = 0; known && q < near.found[0]; q++) {
        const row = t - near.lag[q] + horizons[i];
        if (row >= first && row > t - ring.length) other += near.weight[q] * ring[slotOf(ring, row)];
      }
      forecasts[at] = middle + size * (follow + shift);
      forecasts[at + count] = middle + size * follow;
      forecasts[at + 2 * count] = middle + size * other;
    }
  }

  /** Mixes the forecasts of the i-th horizon into `out` and says how far they may miss. */
  function mix(own: Channel, t: number, i: number, out: Prediction, at: number): void {
    parts.blending.mix(own.blending, t, i, forecasts, mixed);
    out.mean[at + i] = Math.max(floorOf(own.series), mixed.mean);
    if (out.unfloored) out.unfloored[at + i] = mixed.mean;
    out.spread[at + i] = spreadOf(own, t, i);
    if (out.gauges) {
      out.gauges[2 * (at + i)] = mixed.apart;
      out.gauges[2 * (at + i) + 1] = own.near.found[0] > 0 ? own.near.novelty[0] : 0;
    }
  }

  /** The mixture's usual error, larger at phases where the long profile expects larger residuals. */
  function spreadOf(own: Channel, t: number, i: number): number {
    const { series, long, typical } = own;
    const usual = parts.blending.usual(own.blending, i, series.scale[0]);
    if (long.begun[0] === 0 || !isCurrent(own, t)) return usual;
    const size = long.size[parts.long.place(t, i)];
    typical[i] = typical[i] > 0 ? typical[i] + typicalRate * (size - typical[i]) : size;
    return (usual * size) / typical[i];
  }

  return {
    name,
    version,
    ...options,
    seed,
    gauges: 2,
    floored: true,
    mends: true,
    members,
    shared,
    keyed,
    init: (own) => guest?.init(own),
    initKey(common, row) {
      guest?.initKey(common, row.guest as Row<Layout>);
      for (const name of names) {
        const own = partOf(row, name);
        for (const part of ['short', 'long', 'wide', 'lags', 'swift', 'resonator', 'echo', 'near'] as const) {
          parts[part].start(own[part] as never, own.series);
        }
        parts.residualNear.start(own.residualNear);
        parts.blending.start(own.blending, own.series);
      }
    },
    step(common, row, input, out) {
      const { values, scale, periods } = input;
      if (guest && said) guest.step(common, row.guest as Row<Layout>, input, said);
      let surprise = 0;
      for (let c = 0; c < channels; c++) {
        const own = partOf(row, names[c]);
        const { series } = own;
        const at = c * count;
        if (isValue(values[c])) surprise += judge(own, series.rows[0], values[c]);
        else if (series.rows[0] > 0) parts.blending.learn(own.blending, series.rows[0], Number.NaN);
        append(series, values[c], scale[c]);
        const t = series.rows[0] - 1;
        if (t < 0) {
          out.mean.fill(Number.NaN, at, at + count);
          out.spread.fill(Number.NaN, at, at + count);
          continue;
        }
        if (out.floor) out.floor[c] = floorOf(series);
        if (takePeriods(series, periods)) begin(own, t);
        ask(own, t);
        // Where it has no opinion yet it abstains.
        for (let i = 0; said && i < count; i++) forecasts[ownCount * count + i] = said.mean[at + i];
        for (let i = 0; i < count; i++) mix(own, t, i, out, at);
        own.spread[modulo(t, horizons[0])] = out.spread[at];
        for (let k = 0; out.members && k < members.length; k++) {
          for (let i = 0; i < count; i++) out.members[(k * channels + c) * count + i] = forecasts[k * count + i];
        }
      }
      out.surprise = surprise;
    },
  } satisfies Model<Layout, Layout>;
}
