export const count = (/** @type {number} */ n) => n.toLocaleString('en-US');

/** A number as tables show it: no decimals from a thousand on, else four significant digits. */
export const figure = (/** @type {number | null | undefined} */ value) => digits(value, 4);

/** A number as it is read off under the pointer. */
export const precise = (/** @type {number | null | undefined} */ value) => digits(value, 6);

function digits(/** @type {number | null | undefined} */ value, /** @type {number} */ most) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(most - 2);
  const whole = size >= 10 ** (most - 1);
  return value.toLocaleString('en-US', whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: most });
}

export const percent = (/** @type {number | null | undefined} */ share) =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;

/** UTC, to the minute unless there are seconds in it. */
export function moment(/** @type {number} */ ms) {
  const text = new Date(ms).toISOString().replace('T', ' ');
  return text.slice(0, ms % 60_000 === 0 ? 16 : ms % 1000 === 0 ? 19 : 23);
}

/** A name with its middle left out where it is long: keys often differ at their ends. */
export function shortened(/** @type {string} */ name, most = 40) {
  const characters = Array.from(name);
  if (characters.length <= most) return name;
  const end = Math.floor((most - 1) / 2);
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}

/** A score as odds: 0.001 is one row in a thousand. */
export function odds(/** @type {number} */ score) {
  if (!(score > 0)) return '–';
  const rows = Number((1 / score).toPrecision(2));
  return `1 in ${rows < 1e6 ? count(rows) : rows.toLocaleString('en-US', { notation: 'compact', compactDisplay: 'long' })}`;
}
