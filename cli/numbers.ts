/** Whole numbers with their thousands apart. */
export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** Numbers of any size in a few characters: four significant digits, or all digits before the point. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2);
  return value.toLocaleString('en-US', size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });
}

export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;

/** A calibrated probability as odds: 0.001 is one row in a thousand. */
export function odds(score: number): string {
  if (!(score > 0)) return '–';
  const rows = Number((1 / score).toPrecision(2));
  return `1 in ${rows < 1e6 ? count(rows) : rows.toLocaleString('en-US', { notation: 'compact', compactDisplay: 'long' })}`;
}

/** UTC, to the minute unless there are seconds in it. */
export function moment(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return '–';
  const text = new Date(ms).toISOString().replace('T', ' ');
  return text.slice(0, ms % 60_000 === 0 ? -8 : ms % 1000 === 0 ? -5 : -1);
}

/** A time span as people say it: 0:07, 12:30, 3:04:10. */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "1 row", "2 rows". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
