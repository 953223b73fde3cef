// The same arithmetic as plain loops over typed arrays, as one would write it without kernels: weights row by row.

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const wave = (count: number, size: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => size * Math.sin(i * 12.9898));

/** An LSTM of m inputs and d units: one step, and a learning step over a window with backpropagation and Adam. */
export function plainLstm(m: number, d: number, steps: number) {
  const n = m + d;
  const w = wave(4 * d * n, 0.1);
  const [first, second, g] = [new Float32Array(w.length), new Float32Array(w.length), new Float32Array(w.length)];
  const h = new Float32Array(d);
  const c = new Float32Array(d);
  const past = Array.from({ length: steps }, () => ({
    v: wave(n, 0.1),
    gates: new Float32Array(4 * d),
    old: new Float32Array(d),
    bent: new Float32Array(d),
  }));
  const [slopeH, slopeC, delta] = [new Float32Array(d), new Float32Array(d), new Float32Array(4 * d)];

  function forward(s: number): void {
    const { v, gates, old, bent } = past[s];
    v.set(h, m);
    for (let r = 0; r < 4 * d; r++) {
      let sum = 0;
      for (let k = 0, at = r * n; k < n; k++, at++) sum += w[at] * v[k];
      gates[r] = r >= 2 * d && r < 3 * d ? Math.tanh(sum) : sigmoid(sum);
    }
    for (let j = 0; j < d; j++) {
      old[j] = c[j];
      c[j] = gates[d + j] * c[j] + gates[j] * gates[2 * d + j];
      bent[j] = Math.tanh(c[j]);
      h[j] = gates[3 * d + j] * bent[j];
    }
  }

  function back(s: number): void {
    const { v, gates, old, bent } = past[s];
    for (let j = 0; j < d; j++) {
      const [i, f, u, o] = [gates[j], gates[d + j], gates[2 * d + j], gates[3 * d + j]];
      const dc = slopeC[j] + slopeH[j] * o * (1 - bent[j] * bent[j]);
      delta[j] = dc * u * i * (1 - i);
      delta[d + j] = dc * old[j] * f * (1 - f);
      delta[2 * d + j] = dc * i * (1 - u * u);
      delta[3 * d + j] = slopeH[j] * bent[j] * o * (1 - o);
      slopeC[j] = dc * f;
    }
    slopeH.fill(0);
    for (let r = 0; r < 4 * d; r++) {
      const own = delta[r];
      const at = r * n;
      for (let k = 0; k < n; k++) g[at + k] += own * v[k];
      for (let j = 0; j < d; j++) slopeH[j] += own * w[at + m + j];
    }
  }

  return {
    step: () => forward(0),
    window(): void {
      for (let s = 0; s < steps; s++) forward(s);
      g.fill(0);
      slopeC.fill(0);
      slopeH.fill(0.1);
      for (let s = steps - 1; s >= 0; s--) back(s);
      for (let i = 0; i < w.length; i++) {
        first[i] = 0.9 * first[i] + 0.1 * g[i];
        second[i] = 0.999 * second[i] + 0.001 * g[i] * g[i];
        w[i] -= (1e-7 * first[i]) / (Math.sqrt(second[i]) + 1e-6);
      }
    },
  };
}

/** Two layers of diagonal state spaces, every channel with complex states of its own. */
export function plainDiagonal(channels: number, states: number): () => void {
  const count = channels * states;
  const layer = () => ({
    parts: Array.from({ length: 6 }, () => wave(count, 0.5)),
    re: new Float32Array(count),
    im: new Float32Array(count),
  });
  const layers = [layer(), layer()];
  const u = wave(channels, 1);
  const y = new Float32Array(channels);
  return () => {
    for (const { parts, re, im } of layers) {
      const [a, b, p, q, r, s] = parts;
      for (let c = 0, i = 0; c < channels; c++) {
        let sum = 0;
        for (let j = 0; j < states; j++, i++) {
          const next = a[i] * re[i] - b[i] * im[i] + p[i] * u[c];
          im[i] = a[i] * im[i] + b[i] * re[i] + q[i] * u[c];
          re[i] = next;
          sum += r[i] * re[i] - s[i] * im[i];
        }
        y[c] = sum;
      }
    }
    for (let c = 0; c < channels; c++) y[c] = Math.tanh(y[c]);
  };
}
