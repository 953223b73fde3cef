import type { Anomaly, Batch, Result, Severity } from '../../event.js';
import { severities } from '../../event.js';
import { count, moment, plural, span } from '../numbers.js';
import { WorstAnomalies } from '../worst.js';
import { type ChartPoint, chart } from './chart.js';
import { Screen, type Terminal } from './screen.js';
import { cut, type Paint, paint, plain } from './text.js';

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly colour: boolean;
  readonly nowMs: () => number;
}

const drawEveryMs = 100;
const reportEveryMs = 3000;
const keptPoints = 1000;
const chartHeight = 8;

/** What a person sees while a log is replayed: a bar, the speed, and the newest values of the first series. */
export class Progress {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #startMs: number;
  #shownMs: number;
  #total: number | undefined;
  #rows = 0;
  /** Offset behind the last batch, and what must be added to it for all that was read before it in other shards. */
  #next = 0;
  #shift = 0;
  /** What this run has read. */
  #read = 0;
  #timeMs = Number.NaN;
  /** Few are kept: they are only counted. */
  readonly #anomalies = new WorstAnomalies(64);
  #rejects = 0;
  #key: string | undefined;
  #points: ChartPoint[] = [];
  #pointTimes: number[] = [];
  #expected: { low: number; high: number } | undefined;

  constructor(readonly options: ProgressOptions) {
    this.#screen = new Screen(options.terminal);
    this.#paint = paint(options.colour);
    this.#startMs = options.nowMs();
    this.#shownMs = options.terminal.isTTY ? Number.NEGATIVE_INFINITY : this.#startMs;
  }

  /** A shard goes on at `next` of `total`, if that is known; `shift` rows more, or less, count as read than its offsets say. */
  begin(next: number, total: number | undefined, shift = 0): void {
    this.#next = next;
    this.#shift = shift;
    this.#total = total;
  }

  batch(batch: Batch<Result>): void {
    this.#rows += batch.rows.length;
    this.#read += Math.max(0, batch.next - this.#next);
    this.#next = Math.max(this.#next, batch.next);
    this.#rejects += batch.rejects.length;
    for (const row of batch.rows) this.#row(row);
    for (const anomaly of batch.anomalies ?? []) this.#anomaly(anomaly);
    const nowMs = this.options.nowMs();
    if (nowMs - this.#shownMs < (this.options.terminal.isTTY ? drawEveryMs : reportEveryMs)) return;
    this.#shownMs = nowMs;
    this.#show(nowMs);
  }

  /** Draws the last state and leaves it on the screen. */
  end(): void {
    if (this.options.terminal.isTTY) this.#show(this.options.nowMs());
    this.#screen.release();
  }

  /** Gives the terminal back at once, whatever was going on. */
  abandon(): void {
    this.#screen.release();
  }

  #row(row: Result): void {
    this.#key ??= row.key;
    this.#timeMs = row.timeMs;
    if (row.key !== this.#key) return;
    const { forecast } = row;
    this.#points.push({
      actual: row.values[0] ?? Number.NaN,
      ...(this.#expected ?? { low: Number.NaN, high: Number.NaN }),
    });
    this.#pointTimes.push(row.timeMs);
    const at = (level: number): number => forecast?.quantiles[forecast.levels.indexOf(level)] ?? Number.NaN;
    // Only a forecast for the very next row can be drawn behind it.
    this.#expected = forecast?.horizons[0] === 1 ? { low: at(0.1), high: at(0.9) } : undefined;
    if (this.#points.length > 2 * keptPoints) {
      this.#points = this.#points.slice(-keptPoints);
      this.#pointTimes = this.#pointTimes.slice(-keptPoints);
    }
  }

  #anomaly(anomaly: Anomaly): void {
    const { key, peakMs, severity } = anomaly;
    this.#anomalies.add(anomaly);
    const at = key === this.#key ? this.#pointTimes.lastIndexOf(peakMs) : -1;
    if (at >= 0) this.#points[at] = { ...this.#points[at], severity: worse(this.#points[at].severity, severity) };
  }

  #show(nowMs: number): void {
    const width = this.#screen.width - 1;
    if (!this.options.terminal.isTTY) {
      this.options.terminal.write(`${this.#status(nowMs)}\n`);
      return;
    }
    const title = [this.#key ? plain(this.#key) : '', Number.isNaN(this.#timeMs) ? '' : `${moment(this.#timeMs)} UTC`];
    const lines = chart(this.#points, { width: Math.min(width, 120), height: chartHeight }, this.#paint);
    const fits = width >= 30;
    this.#screen.draw([
      ...(fits ? [this.#paint.dim(cut(`${' '.repeat(10)}${title.filter(Boolean).join('  ')}`, width)), ...lines] : []),
      cut(this.#bar(width) + this.#status(nowMs), width),
    ]);
  }

  #share(): number | undefined {
    return this.#total ? Math.min(1, (this.#next + this.#shift) / this.#total) : undefined;
  }

  #bar(width: number): string {
    const share = this.#share();
    if (share === undefined || width < 60) return '';
    const cells = Math.min(24, width - 56);
    const full = Math.round(share * cells);
    return `${'█'.repeat(full)}${'░'.repeat(cells - full)} `;
  }

  #status(nowMs: number): string {
    const seconds = (nowMs - this.#startMs) / 1000;
    const rate = seconds > 0 ? this.#rows / seconds : 0;
    const share = this.#share();
    const pace = seconds > 0 ? this.#read / seconds : 0;
    const left = this.#total !== undefined && pace > 0 ? (this.#total - this.#next - this.#shift) / pace : undefined;
    return [
      ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
      `${count(this.#rows)} rows`,
      `${count(rate)} events/s`,
      ...(left !== undefined && left > 0 ? [`ETA ${span(left)}`] : []),
      plural(this.#anomalies.count, 'anomaly', 'anomalies'),
      ...(this.#rejects > 0 ? [`${count(this.#rejects)} rejected`] : []),
    ].join('  ');
  }
}

const worse = (a: Severity | undefined, b: Severity): Severity =>
  a && severities.indexOf(a) > severities.indexOf(b) ? a : b;
