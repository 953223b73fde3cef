import { randomOf } from '../leak.js';

/** A made-up series together with the best that anybody could have said of it. */
export interface Synthetic {
  readonly values: Float64Array;
  /** Per horizon: the mean of row t given all rows up to t − horizon; NaN where it has no closed form. */
  readonly best: readonly Float64Array[];
  /** Per row: −log density of its value given all rows before, in nats. */
  readonly nll: Float64Array;
}

/** A family of streams whose best forecast is known exactly: one for every seed. */
export interface SyntheticKind {
  readonly name: string;
  /** What it asks of a memory. */
  readonly about: string;
  /** Horizons at which the best forecast is known. */
  readonly horizons: readonly number[];
  make(rows: number, seed: number): Synthetic;
}

/** Horizons of every synthetic stream: the next row, and five rows ahead. */
export const syntheticHorizons = [1, 5] as const;

const logRootTwoPi = 0.5 * Math.log(2 * Math.PI);
const normalNll = (error: number, deviation: number): number =>
  0.5 * (error / deviation) ** 2 + Math.log(deviation) + logRootTwoPi;

/** Independent draws from a seed: uniform in [0, 1), and standard normal (Box and Muller). */
function drawsOf(seed: number) {
  const uniform = randomOf(seed * 7919);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** Fills a series row by row: `step` says the value, the best forecasts for it, and its nll. */
function series(
  rows: number,
  step: (t: number, values: Float64Array) => { value: number; best: readonly number[]; nll: number },
): Synthetic {
  const values = new Float64Array(rows);
  const best = syntheticHorizons.map(() => new Float64Array(rows));
  const nll = new Float64Array(rows);
  for (let t = 0; t < rows; t++) {
    const said = step(t, values);
    values[t] = said.value;
    nll[t] = said.nll;
    best.forEach((column, i) => {
      column[t] = said.best[i] ?? Number.NaN;
    });
  }
  return { values, best, nll };
}

const at = (values: Float64Array, t: number): number => (t >= 0 ? values[t] : 0);

/** y_t = 1.5 y_t-1 - 0.75 y_t-2 + u: a damped swing of twelve rows. */
function autoregressive(rows: number, seed: number): Synthetic {
  const { normal } = drawsOf(seed);
  return series(rows, (t, y) => {
    const ahead = (h: number): number => {
      let [now, before] = [at(y, t - h), at(y, t - h - 1)];
      for (let k = 0; k < h; k++) [now, before] = [1.5 * now - 0.75 * before, now];
      return now;
    };
    const u = normal();
    return { value: ahead(1) + u, best: syntheticHorizons.map(ahead), nll: normalNll(u, 1) };
  });
}

/** A trend, a smooth day of 24 rows, a sharp week of 168, and noise. */
function seasonal(rows: number, seed: number): Synthetic {
  const { normal, uniform } = drawsOf(seed);
  const week = Array.from({ length: 168 }, (_, k) => (Math.floor(k / 24) % 3 === 0 ? 2 : 0) + uniform());
  return series(rows, (t) => {
    const expected = 0.001 * t + 2 * Math.sin((2 * Math.PI * t) / 24) + week[t % 168];
    const u = 0.5 * normal();
    return { value: expected + u, best: syntheticHorizons.map(() => expected), nll: normalNll(u, 0.5) };
  });
}

const regimes = [
  { keep: 0.95, level: 0 },
  { keep: -0.6, level: 6.4 },
] as const;
const stay = 0.99;
const regimeNoise = 0.5;

/** Two autoregressions that take turns, hidden, 100 rows at a time on average; the best forecast is Hamilton's filter. */
function switching(rows: number, seed: number): Synthetic {
  const { normal, uniform } = drawsOf(seed);
  let regime = 0;
  /** Per row: the probability of each regime given the rows before it. */
  const beliefs: number[][] = [[0.5, 0.5]];
  const moved = ([p, q]: readonly number[]): number[] => [stay * p + (1 - stay) * q, stay * q + (1 - stay) * p];
  return series(rows, (t, y) => {
    const ahead = (h: number): number => {
      let share = beliefs[Math.max(0, t - h + 1)];
      let mass = share.map((p) => p * at(y, t - h)); // E[y 1{regime}]
      for (let k = 0; k < h; k++) {
        [share, mass] = [moved(share), moved(mass)];
        mass = regimes.map(({ keep, level }, r) => keep * mass[r] + level * share[r]);
      }
      return mass[0] + mass[1];
    };
    if (uniform() > stay) regime = 1 - regime;
    const last = at(y, t - 1);
    const { keep, level } = regimes[regime];
    const value = keep * last + level + regimeNoise * normal();
    const densities = moved(beliefs[t]).map(
      (p, r) => p * Math.exp(-normalNll(value - regimes[r].keep * last - regimes[r].level, regimeNoise)),
    );
    const sum = densities[0] + densities[1];
    const best = syntheticHorizons.map(ahead);
    beliefs.push(densities.map((d) => d / sum));
    return { value, best, nll: -Math.log(sum) };
  });
}

const chaosNoise = 0.03;

/** The logistic map at 3.8 with uniform noise in its state, which keeps it within (0, 1): known for one row only. */
function chaotic(rows: number, seed: number): Synthetic {
  const { uniform } = drawsOf(seed);
  return series(rows, (t, y) => {
    const last = t > 0 ? y[t - 1] : 0.3;
    const expected = 3.8 * last * (1 - last);
    const value = expected + chaosNoise * (2 * uniform() - 1);
    return { value, best: [expected], nll: Math.log(2 * chaosNoise) };
  });
}

const copyRows = 150;
const copyShare = 0.95;

/** Noise that comes again 150 rows later, nearly the same: nothing in between tells of it. */
function copied(rows: number, seed: number): Synthetic {
  const { normal } = drawsOf(seed);
  const deviation = Math.sqrt(1 - copyShare * copyShare);
  return series(rows, (t, y) => {
    const expected = t < copyRows ? 0 : copyShare * y[t - copyRows];
    const size = t < copyRows ? 1 : deviation;
    const u = size * normal();
    return { value: expected + u, best: syntheticHorizons.map(() => expected), nll: normalNll(u, size) };
  });
}

/** An autoregression whose noise is the larger, the farther it is from zero: the mean is easy, the width is not. */
function widening(rows: number, seed: number): Synthetic {
  const { normal } = drawsOf(seed);
  return series(rows, (t, y) => {
    const last = at(y, t - 1);
    const deviation = 0.2 + 0.4 * Math.abs(last);
    const u = deviation * normal();
    const best = syntheticHorizons.map((h) => 0.7 ** h * at(y, t - h));
    return { value: 0.7 * last + u, best, nll: normalNll(u, deviation) };
  });
}

/** An autoregression with a jump up or down in every row: the mean lies where no value ever falls. */
function forked(rows: number, seed: number): Synthetic {
  const { normal, uniform } = drawsOf(seed);
  const deviation = 0.2;
  return series(rows, (t, y) => {
    const last = at(y, t - 1);
    const u = (uniform() < 0.5 ? -1 : 1) + deviation * normal();
    const density = [-1, 1].reduce((sum, jump) => sum + 0.5 * Math.exp(-normalNll(u - jump, deviation)), 0);
    const best = syntheticHorizons.map((h) => 0.7 ** h * at(y, t - h));
    return { value: 0.7 * last + u, best, nll: -Math.log(density) };
  });
}

/** Every kind, in the order of the table. */
export const syntheticKinds: readonly SyntheticKind[] = [
  { name: 'ar', about: 'an autoregression', horizons: [1, 5], make: autoregressive },
  { name: 'season', about: 'trend, day and week', horizons: [1, 5], make: seasonal },
  { name: 'switching', about: 'two hidden regimes', horizons: [1, 5], make: switching },
  { name: 'chaos', about: 'a chaotic map with noise', horizons: [1], make: chaotic },
  { name: 'copy', about: 'noise that comes again after 150 rows', horizons: [1, 5], make: copied },
  { name: 'widening', about: 'noise that grows with the value', horizons: [1, 5], make: widening },
  { name: 'forked', about: 'a jump up or down in every row', horizons: [1, 5], make: forked },
];
