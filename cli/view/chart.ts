import type { Severity } from '../../event.js';
import { figure } from '../numbers.js';
import { cut, type Paint, padStart } from './text.js';

/** One row of the live chart; NaN where nothing is known. */
export interface ChartPoint {
  readonly actual: number;
  readonly low: number;
  readonly high: number;
  readonly severity?: Severity | undefined;
}

/** Braille cells are two dots wide and four high. */
const dotsWide = 2;
const dotsHigh = 4;
const dotBits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
/** Severities differ in shape as well as in colour. */
export const severityMarks: Readonly<Record<Severity, string>> = { info: '●', warning: '▲', major: '◆', critical: '✖' };

/** The newest points as lines of text: the values as a line of dots, the forecast band behind it, marks on anomalies. */
export function chart(points: readonly ChartPoint[], size: { width: number; height: number }, paint: Paint): string[] {
  const labelWidth = 9;
  const columns = Math.max(4, size.width - labelWidth - 1);
  const shown = points.slice(-columns * dotsWide);
  const { low, high } = limits(shown);
  const dots = size.height * dotsHigh;
  const level = (value: number): number =>
    Math.min(dots - 1, Math.max(0, Math.round(((high - value) / (high - low)) * (dots - 1))));
  const grid = (): Uint8Array => new Uint8Array(columns * size.height);
  const [line, band] = [grid(), grid()];
  const marks = new Map<number, Severity>();
  const put = (cells: Uint8Array, x: number, y: number): void => {
    const at = Math.floor(y / dotsHigh) * columns + Math.floor(x / dotsWide);
    cells[at] |= dotBits[x % dotsWide][y % dotsHigh];
  };
  const offset = columns * dotsWide - shown.length;
  let previous = Number.NaN;
  shown.forEach((point, i) => {
    const x = offset + i;
    if (point.low <= point.high) for (let y = level(point.high); y <= level(point.low); y++) put(band, x, y);
    if (!Number.isNaN(point.actual)) {
      const y = level(point.actual);
      // The line is drawn without holes: from the height of the value before to that of this one.
      const from = Number.isNaN(previous) ? y : previous;
      for (let at = Math.min(from, y); at <= Math.max(from, y); at++) put(line, x, at);
      previous = y;
    } else previous = Number.NaN;
    if (point.severity) {
      const y = Number.isNaN(point.actual) ? dots - 1 : level(point.actual);
      marks.set(Math.floor(y / dotsHigh) * columns + Math.floor(x / dotsWide), point.severity);
    }
  });
  return Array.from({ length: size.height }, (_, r) => {
    const label = r === 0 ? figure(high) : r === size.height - 1 ? figure(low) : '';
    const cells = Array.from({ length: columns }, (_, c) => {
      const at = r * columns + c;
      const severity = marks.get(at);
      if (severity) return paint[severity](severityMarks[severity]);
      if (line[at] > 0) return String.fromCharCode(0x2800 + line[at]);
      return band[at] > 0 ? paint.band(String.fromCharCode(0x2800 + band[at])) : ' ';
    });
    return `${paint.dim(padStart(shown.length > 0 ? cut(label, labelWidth) : '', labelWidth))} ${cells.join('')}`;
  });
}

/** Range of the values in sight; the band may add half of it. */
function limits(points: readonly ChartPoint[]): { low: number; high: number } {
  let [low, high, bandLow, bandHigh] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const point of points) {
    if (!Number.isNaN(point.actual)) {
      low = Math.min(low, point.actual);
      high = Math.max(high, point.actual);
    }
    if (point.low <= point.high) {
      bandLow = Math.min(bandLow, point.low);
      bandHigh = Math.max(bandHigh, point.high);
    }
  }
  if (low > high) return { low: 0, high: 1 };
  const room = (high - low) / 2;
  const ends = {
    low: Math.min(low, Math.max(bandLow, low - room)),
    high: Math.max(high, Math.min(bandHigh, high + room)),
  };
  return ends.low < ends.high ? ends : { low: low - (Math.abs(low) || 1) / 2, high: high + (Math.abs(high) || 1) / 2 };
}
