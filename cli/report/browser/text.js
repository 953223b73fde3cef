export const count = (/** @type {number} */ n) => n.toLocaleString('en-US');

/** Five significant digits, thousands apart. */
export function figure(/** @type {number | null | undefined} */ value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(3);
  return value.toLocaleString('en-US', {
    maximumSignificantDigits: size >= 1e5 ? 9 : 5,
    maximumFractionDigits: size >= 1e5 ? 0 : 6,
  });
}

export const percent = (/** @type {number | null | undefined} */ share) =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;

/** UTC, to the minute unless there are seconds in it. */
export function moment(/** @type {number} */ ms) {
  const text = new Date(ms).toISOString().replace('T', ' ');
  return text.slice(0, ms % 60_000 === 0 ? 16 : ms % 1000 === 0 ? 19 : 23);
}

/** A score as odds: 0.001 is one row in a thousand. */
export const odds = (/** @type {number} */ score) =>
  score > 0 ? `1 in ${figure(Number((1 / score).toPrecision(2)))}` : 'never seen';
