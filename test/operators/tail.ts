/** Two-sided normal tail, by Abramowitz and Stegun 7.1.26; of no number none. */
export function tailOf(z: number): number {
  if (Number.isNaN(z)) return z;
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.min(1, Math.max(1e-300, poly * Math.exp(-x * x)));
}
