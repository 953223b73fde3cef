import { kernels } from '../models/kernels/index.js';

/**
 * A peak of the autocorrelation counts when it rises so far above the dip before it, and so many standard deviations of
 * what noise does to the autocorrelation of that many rows (Bartlett: one by the root of the rows).
 */
const riseMin = 0.15;
const riseDeviations = 5;
/** A peak must be so far above zero. */
const heightMin = 0.1;
/** The short period is the first peak that rises so much of what the best one does. */
const shareMin = 0.6;
/** A multiple of the short period is a period of its own when its mismatch, 1 − r, is so much smaller. */
const betterBy = 0.85;
/** Autocorrelation at which a day counts as real. */
const dayMin = 0.2;
/** Lags below this are no seasons. */
const lagMin = 8;
/** Cycles that must have been seen before a period is believed. */
const cyclesMin = 2.5;
/** Running means that are taken out in turn when the series as it is shows no season: rows, 0 for none. */
const detrending = [0, 512, 64] as const;

/**
 * The seasonal periods that series of one clock have in common: none, a short one, or a short and a long one that is a
 * multiple of it. They are peaks of the mean autocorrelation, which the fast Fourier transform gives (Wiener, Khinchin).
 * `dayRows`, where known, is how many rows a day has: it is the short period if the autocorrelation there is real, or if
 * the peak is beside it, for people and weather live by the day and a young record shows it late.
 */
export function findPeriods(series: readonly Float64Array[], lagMax: number, dayRows: number): number[] {
  const rows = series[0].length;
  const reach = Math.min(lagMax, Math.floor(rows / cyclesMin));
  if (reach < lagMin) return [];
  const raw = autocorrelation(series, reach);
  if (!raw) return [];
  let found = seek(series, raw, reach);
  const isDay = dayRows >= 2 && dayRows <= reach;
  if (isDay && (raw[dayRows] > dayMin || (found && Math.abs(found.short - dayRows) <= 0.04 * dayRows))) {
    found = { short: dayRows, match: raw };
  }
  if (!found) return [];
  const long = longer(found.match, found.short);
  return long ? [found.short, long] : [found.short];
}

/** The short period, and the autocorrelation that showed it: of the series as they are, or with slow movements taken out. */
function seek(series: readonly Float64Array[], raw: Float64Array, reach: number) {
  const rows = series[0].length;
  const rise = Math.max(riseMin, riseDeviations / Math.sqrt(rows));
  for (const span of detrending) {
    if (2 * span > rows) continue;
    const flat = span > 0 ? series.map((values) => withoutTrend(values, span)) : series;
    const match = span > 0 ? autocorrelation(flat, reach) : raw;
    const peak = match ? firstPeak(match, span === 0 ? reach : Math.min(reach, 2 * span), rise) : 0;
    if (match && peak) return { short: sharpened(match, peak), match };
  }
  return undefined;
}

/** The values less the mean of the `span` rows around each. */
function withoutTrend(values: Float64Array, span: number): Float64Array {
  const out = new Float64Array(values.length);
  let [sum, low, high] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const from = Math.max(0, i - span / 2);
    const to = Math.min(values.length, i + span / 2);
    while (high < to) sum += values[high++];
    while (low < from) sum -= values[low++];
    out[i] = values[i] - sum / (to - from);
  }
  return out;
}

/** Mean autocorrelation at lags 0 .. reach of the series that move at all; undefined if none does. */
function autocorrelation(series: readonly Float64Array[], reach: number): Float64Array | undefined {
  const mean = new Float64Array(reach + 1);
  let moving = 0;
  for (const values of series) {
    const rows = values.length;
    let level = 0;
    for (let i = 0; i < rows; i++) level += values[i] / rows;
    let size = 1;
    while (size < rows + reach + 1) size *= 2;
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    for (let i = 0; i < rows; i++) re[i] = values[i] - level;
    transform(re, im);
    for (let i = 0; i < size; i++) {
      re[i] = re[i] * re[i] + im[i] * im[i];
      im[i] = 0;
    }
    transform(re, im);
    const variance = re[0] / rows;
    if (!(variance > 0) || !Number.isFinite(variance)) continue;
    moving++;
    for (let lag = 0; lag <= reach; lag++) mean[lag] += re[lag] / (rows - lag) / variance;
  }
  return moving > 0 ? mean.map((sum) => sum / moving) : undefined;
}

/** The discrete Fourier transform in place, by halves; lengths are powers of two. */
export function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / length;
      const wRe = kernels.cos(angle);
      const wIm = kernels.sin(angle);
      for (let i = k; i < size; i += length) {
        const j = i + half;
        const xRe = re[j] * wRe - im[j] * wIm;
        const xIm = re[j] * wIm + im[j] * wRe;
        re[j] = re[i] - xRe;
        im[j] = im[i] - xIm;
        re[i] += xRe;
        im[i] += xIm;
      }
    }
  }
}

/** The first peak that rises nearly as far above the dip before it as the best, or 0. */
function firstPeak(match: Float64Array, reach: number, riseLeast: number): number {
  const peaks: { lag: number; rise: number }[] = [];
  let lowest = match[1];
  let most = 0;
  for (let lag = 2; lag < reach; lag++) {
    lowest = Math.min(lowest, match[lag]);
    const rise = match[lag] - lowest;
    if (rise <= riseLeast || match[lag] <= heightMin || !isPeak(match, lag, reach)) continue;
    peaks.push({ lag, rise });
    most = Math.max(most, rise);
  }
  return peaks.find(({ rise }) => rise >= shareMin * most)?.lag ?? 0;
}

/** Whether nothing within an eighth of the lag is higher. */
function isPeak(match: Float64Array, lag: number, reach: number): boolean {
  const width = Math.max(1, lag >> 3);
  for (let other = Math.max(1, lag - width); other <= Math.min(reach, lag + width); other++) {
    if (match[other] > match[lag]) return false;
  }
  return true;
}

/** The period as the peaks near its double, fourfold and eightfold tell it. */
function sharpened(match: Float64Array, period: number): number {
  const reach = match.length - 1;
  let exact = period;
  for (let times = 2; times <= 8; times *= 2) {
    const middle = Math.round(exact * times);
    const width = Math.max(2, Math.round(0.1 * period));
    if (middle + width > reach) break;
    let best = middle - width;
    for (let lag = middle - width; lag <= middle + width; lag++) if (match[lag] > match[best]) best = lag;
    exact = best / times;
  }
  return Math.max(2, Math.round(exact));
}

/** The smallest multiple of the short period that is clearly a better match and near the best, or 0. */
function longer(match: Float64Array, short: number): number {
  const reach = match.length - 1;
  const limit = (1 - match[short]) * betterBy;
  let least = Number.POSITIVE_INFINITY;
  for (let lag = 2 * short; lag <= reach; lag += short) least = Math.min(least, 1 - match[lag]);
  if (!(least < limit)) return 0;
  for (let lag = 2 * short; lag <= reach; lag += short) {
    if (1 - match[lag] <= Math.min(1.25 * least, limit)) return lag;
  }
  return 0;
}
