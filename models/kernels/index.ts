import { readFileSync } from 'node:fs';
import { arena } from '../../state/arena.js';

/**
 * The WebAssembly kernels, bound to the memory where state lives. Addresses are byte offsets: the `byteOffset` of a
 * field of a row; numbers there are f64 unless said. Arguments come as shared state, own state, input, output, sizes,
 * constants; state and output are written in place, nothing is allocated. Their sources say formula, paper and weakness.
 */
export interface Kernels {
  exp(x: number): number;
  expm1(x: number): number;
  log(x: number): number;
  log1p(x: number): number;
  pow(x: number, y: number): number;
  sin(x: number): number;
  cos(x: number): number;
  tanh(x: number): number;
  erfc(x: number): number;

  /** a'b of n numbers each. */
  dot(a: number, b: number, n: number): number;
  /** y[rows] <- A x, with A[rows][stride] of which n columns count and x[n]. */
  matvec(a: number, x: number, y: number, rows: number, n: number, stride: number): void;
  /** y[n] <- y + alpha x[n]. */
  axpy(x: number, y: number, n: number, alpha: number): void;

  /** P[packedLength(n)] <- variance on the diagonal of the first `used` of n features, n even; zero elsewhere. */
  rlsInit(p: number, n: number, used: number, variance: number): void;
  /** z[n] <- P x[n]; returns x'z, the variance of the forecast in units of the noise variance. */
  rlsSpread(p: number, x: number, z: number, n: number): number;
  /**
   * P learns that x[n] was seen, with weight w in (0, 1] and forgetting lambda; k[n] <- the gain by which weights move
   * per unit of error; returns x'Px. P_jj of feature j is kept at or below cap: the caller goes round the features. If
   * rounding has spoiled P (x'Px below zero), it starts again from cap on the diagonal, and k is zero.
   */
  rlsObserve(p: number, x: number, k: number, n: number, lambda: number, w: number, j: number, cap: number): number;

  /** D[lags], f32, takes in the newest value of the ring y[capacity] at slot s; the first `both` lags lose their oldest term. */
  nearestUpdate(d: number, y: number, s: number, capacity: number, width: number, lags: number, both: number): void;
  /** D of `count` lags from `first` on, each from its `width` terms. */
  nearestRefresh(d: number, y: number, s: number, capacity: number, width: number, first: number, count: number): void;
  /**
   * The k lags of first .. last with the smallest D: lags[k] as i32, distances[k], nearest first; returns how many. What
   * the list held before is used to search faster where `known`, the number found one event ago, is k.
   */
  nearestFind(
    d: number,
    lags: number,
    distances: number,
    first: number,
    last: number,
    k: number,
    known: number,
  ): number;
  /** lags[count] and distances[count] in the order of distances whose terms weigh weight[width], the newest first. */
  nearestRank(
    y: number,
    weight: number,
    lags: number,
    distances: number,
    s: number,
    capacity: number,
    width: number,
    count: number,
  ): void;

  /** x[n] <- pole x + gamma u, complex: real and imaginary parts in arrays of their own, gamma[n] real. */
  resonate(re: number, im: number, gamma: number, xRe: number, xIm: number, n: number, u: number): void;

  /**
   * overlap[columns], u16 <- boost times the active inputs (u32[n]) seen with a permanence[inputs][columns], u8, of at least
   * `connected`; winners[k], u32, ascending <- the columns with the largest, in each of `areas` equal stretches as many;
   * returns how many there are: columns that see nothing never win. Boost, f32 per column, may be 0: none.
   */
  poolerWinners(
    permanence: number,
    boost: number,
    input: number,
    n: number,
    overlap: number,
    winners: number,
    columns: number,
    k: number,
    areas: number,
    connected: number,
  ): number;
  /** Permanences of the winners move towards activity[inputs], u8, by up and down in 1/65536 of a 255th; the next turn. */
  poolerLearn(
    permanence: number,
    activity: number,
    inputs: number,
    winners: number,
    k: number,
    columns: number,
    up: number,
    down: number,
    turn: number,
  ): number;
  /** duty[columns] moves to who won by `rate`; boost[columns] <- exp(strength (k/columns - duty)), both f32. */
  poolerBoost(
    duty: number,
    boost: number,
    winners: number,
    k: number,
    columns: number,
    rate: number,
    strength: number,
  ): void;

  /** p[buckets] <- softmax of the sum of the rows of W[rows][buckets], f32, that active, u32[n], names; 4 divides buckets. */
  classify(weights: number, active: number, n: number, p: number, buckets: number): void;
  /**
   * Those rows <- + rate error[buckets]; where `seen`, u32[rows], counts the times a row was active (0: nothing does), by
   * rate max(least, 1 / (1 + count / pace)).
   */
  classifierLearn(
    weights: number,
    active: number,
    n: number,
    error: number,
    buckets: number,
    rate: number,
    seen: number,
    pace: number,
    least: number,
  ): void;

  /** Where the state of the temporal calls that follow lies; see segments.ts and temporal.ts for the fields. */
  temporalState(
    counters: number,
    head: number,
    synapse: number,
    source: number,
    owner: number,
    used: number,
    held: number,
    proof: number,
    overlap: number,
    touched: number,
    load: number,
    segments: number,
    blockBits: number,
    active: number,
    bits: number,
    winner: number,
    last: number,
    scratch: number,
  ): void;
  /** How large it is: log2 of the cells of a column, columns active at most, steps that predictions are held. */
  temporalSize(columns: number, shift: number, columnsMax: number, patience: number, strict: number): void;
  /** How the temporal calls that follow learn, permanences in 255ths. */
  temporalRule(
    activation: number,
    minimum: number,
    sample: number,
    increment: number,
    decrement: number,
    punishment: number,
    doubt: number,
    initial: number,
    connected: number,
  ): void;
  /** One step with n active columns, u32, ascending; how many of them were predicted. */
  temporalStep(columns: number, n: number, learn: number): number;
  /** out[columns], u32 <- 1 + the last step a segment was right that now predicts (faint: matches) there, or 0. */
  temporalExpected(out: number, faint: number): number;
  temporalReset(): void;
  temporalKill(cell: number): void;
  /** y[n] <- e^x, 1/(1 + e^-x) and tanh x, all f32, n a multiple of four. */
  exps(x: number, y: number, n: number): void;
  sigmoids(x: number, y: number, n: number): void;
  tanhs(x: number, y: number, n: number): void;
  /** y[n] <- e^x over the sum of all e^x, f32, n at least 1. */
  softmax(x: number, y: number, n: number): void;

  /** Sum of the squares of g[n], f32, n a multiple of four. */
  squares(g: number, n: number): number;
  /** One step of Adam on w[n] with moments m[n] and s[n] and gradient factor g[n]; all f32, n a multiple of four. */
  adam(w: number, m: number, s: number, g: number, n: number, factor: number, rate: number, floor: number): void;

  // The recurrent kernels take f32, m inputs and d units by fours; their layouts stand above their sources.
  /** One step of an LSTM: u[m] stands at the head of the slot, c[d] and h[d] are written in place. */
  lstmStep(w: number, c: number, h: number, slot: number, m: number, d: number): void;
  /** The same bits for `count` series with the same weights; table[count][2] as u32: addresses of [h[d], c[d]] and of u[m]. */
  lstmStepMany(w: number, table: number, slots: number, count: number, m: number, d: number): void;
  /** delta[d/4][steps][16], newest first, from the slopes blame[lines][d] of the loss in h. */
  lstmBack(
    w: number,
    ring: number,
    blame: number,
    delta: number,
    newest: number,
    steps: number,
    slots: number,
    lines: number,
    m: number,
    d: number,
  ): void;
  /** g <- the gradient of the weights over those steps; returns the sum of its squares. */
  lstmGradient(
    ring: number,
    delta: number,
    g: number,
    newest: number,
    steps: number,
    slots: number,
    m: number,
    d: number,
  ): number;

  /** a[blocks][4] <- W[blocks][n][4] u[n]. */
  blockProduct(w: number, u: number, a: number, blocks: number, n: number): void;
  /** One step of h[d] from the gates' sums in a, which become what drives the traces; keep[d] is what they keep. */
  minGruStep(h: number, a: number, keep: number, d: number): void;
  minLstmStep(h: number, a: number, keep: number, d: number): void;
  /** minGRU (2 gates) or minLSTM (3) of `count` series with the same weights; table[count][2] as u32: addresses of h[d], u[n]. */
  minStepMany(w: number, table: number, room: number, count: number, d: number, n: number, gates: number): void;
  /** E <- keep[d] E + drive u'. */
  gateTraces(e: number, keep: number, drive: number, u: number, d: number, n: number, gates: number): void;
  /** g <- delta[d] E. */
  gateGradient(e: number, delta: number, g: number, d: number, n: number, gates: number): void;

  /** Poles, gamma[d] and speed[d] from nu[d] and theta[d]. */
  lruPoles(nu: number, theta: number, pole: number, gamma: number, speed: number, d: number): void;
  /** One step of x[2d] and its traces E[2d] and s[2d][n], with B u in a[2d]. */
  lruStep(
    pole: number,
    gamma: number,
    x: number,
    e: number,
    s: number,
    a: number,
    u: number,
    d: number,
    n: number,
  ): void;
  /** x[2d] of `count` series with the same weights, without traces; table[count][2] as u32: addresses of x[2d] and u[n]. */
  lruStepMany(
    pole: number,
    gamma: number,
    b: number,
    table: number,
    room: number,
    count: number,
    d: number,
    n: number,
  ): void;
  /** The gradient in nu[d], theta[d] and B[2d][n] from the slopes delta[2d] of the loss in x. */
  lruGradient(
    pole: number,
    gamma: number,
    speed: number,
    b: number,
    e: number,
    s: number,
    delta: number,
    gNu: number,
    gTheta: number,
    gB: number,
    d: number,
    n: number,
  ): void;

  /** One step of x[channels][states], complex, each channel driven by u[channels], and what is read of them, y[channels]. */
  diagonalLayer(p: number, x: number, u: number, y: number, channels: number, states: number): void;

  /** x[n] <- 0, y[n] <- x[n], and y[n] <- y + x[n]; f32, n a multiple of four. */
  zero(x: number, n: number): void;
  copy(x: number, y: number, n: number): void;
  adds(x: number, y: number, n: number): void;
  /** g <- g + e[blocks][4] x[n]' and blame[outputs] <- W' e, of a head W[blocks][n][4] that said W x. */
  headBack(w: number, x: number, e: number, blame: number, g: number, blocks: number, outputs: number, n: number): void;

  /** First address above the constants. */
  heapBase(): number;
}

/** Cells of a packed symmetric matrix of n rows, n even. */
export const packedLength = (n: number): number => (n * (n + 2)) / 2;

/** The next even number: the kernels take features by pairs. */
export const even = (n: number): number => n + (n & 1);

const module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));

export const kernels = new WebAssembly.Instance(module, {
  env: {
    memory: arena.memory,
    abort: () => {
      throw new Error('a kernel stopped: its arguments were out of range');
    },
  },
}).exports as unknown as Kernels;

if (kernels.heapBase() > 65_536)
  throw new Error(`the constants of the kernels end at ${kernels.heapBase()}: state begins at 65536`);
