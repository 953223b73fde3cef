// The recurrent cells as their papers write them, in double precision, one number at a time.

const s = (x: number): number => 1 / (1 + Math.exp(-x));
const g = (x: number): number => (x >= 0 ? x + 0.5 : s(x));

/** Weight of unit j, gate and column k of `gates` gates and n columns, as the LSTM kernel lays them out. */
export const lstmAt = (j: number, gate: number, k: number, n: number): number =>
  (Math.floor(j / 4) * n + k) * 16 + gate * 4 + (j % 4);

/** The same as the kernels with blocks of one gate lay them out. */
export const blockAt = (j: number, gate: number, k: number, n: number, gates: number): number =>
  ((Math.floor(j / 4) * gates + gate) * n + k) * 4 + (j % 4);

export interface LstmState {
  readonly h: readonly number[];
  readonly c: readonly number[];
}

export function lstmStep(w: ArrayLike<number>, { h, c }: LstmState, u: readonly number[]): LstmState {
  const v = [...u, ...h];
  const sum = (j: number, gate: number) => v.reduce((all, x, k) => all + w[lstmAt(j, gate, k, v.length)] * x, 0);
  const next = c.map((old, j) => s(sum(j, 1)) * old + s(sum(j, 0)) * Math.tanh(sum(j, 2)));
  return { c: next, h: next.map((now, j) => s(sum(j, 3)) * Math.tanh(now)) };
}

export function minGruStep(w: ArrayLike<number>, h: readonly number[], u: readonly number[]): number[] {
  const sum = (j: number, gate: number) => u.reduce((all, x, k) => all + w[blockAt(j, gate, k, u.length, 2)] * x, 0);
  return h.map((old, j) => {
    const z = s(sum(j, 0));
    return (1 - z) * old + z * g(sum(j, 1));
  });
}

export function minLstmStep(w: ArrayLike<number>, h: readonly number[], u: readonly number[]): number[] {
  const sum = (j: number, gate: number) => u.reduce((all, x, k) => all + w[blockAt(j, gate, k, u.length, 3)] * x, 0);
  return h.map((old, j) => {
    const [f, i] = [s(sum(j, 0)), s(sum(j, 1))];
    return (f * old + i * g(sum(j, 2))) / (f + i);
  });
}

/** x as [re, im] by unit; weights are nu[d], theta[d], B in blocks of real and imaginary parts. */
export function lruStep(
  w: ArrayLike<number>,
  x: readonly [number, number][],
  u: readonly number[],
): [number, number][] {
  const d = x.length;
  return x.map(([re, im], j) => {
    const size = Math.exp(-Math.exp(w[j]));
    const [a, b] = [size * Math.cos(w[d + j]), size * Math.sin(w[d + j])];
    const gamma = Math.sqrt(1 - size * size);
    const drive = (part: number) => u.reduce((all, x, k) => all + w[2 * d + blockAt(j, part, k, u.length, 2)] * x, 0);
    return [a * re - b * im + gamma * drive(0), a * im + b * re + gamma * drive(1)];
  });
}

/** Numbers by unit, as [re, im], in the order of the kernel: four real parts, four imaginary ones. */
export const byParts = (x: readonly (readonly [number, number])[]): number[] =>
  x.flatMap((_, j) => (j % 4 === 0 ? [0, 1].flatMap((part) => [0, 1, 2, 3].map((l) => x[j + l][part])) : []));
