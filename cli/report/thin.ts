/** What is drawn of one row of one channel. */
export interface Point {
  readonly timeMs: number;
  /** NaN where the value was missing. */
  readonly actual: number;
  /** Of the forecast made for this row: point, and the 1, 10, 90 and 99 % quantiles; NaN where there was none. */
  readonly expected: number;
  readonly low98: number;
  readonly low80: number;
  readonly high80: number;
  readonly high98: number;
}

interface Bucket {
  low: Point;
  high: Point;
  rows: number;
}

/**
 * A long series in bounded space: the rows with the lowest and the highest value of every stretch, and every row where
 * `near` says that it matters. As long as it fits nothing is left out.
 */
export class Thin {
  readonly #near: Point[] = [];
  #buckets: Bucket[] = [];
  /** Rows per bucket, a power of two. */
  #span = 1;
  rows = 0;

  #limit: number;

  constructor(
    limit: number,
    readonly near: (point: Point) => boolean = () => false,
  ) {
    this.#limit = limit;
  }

  /** Gives up room for others. */
  shrink(limit: number): void {
    this.#limit = Math.min(limit, this.#limit);
    this.#near.splice(Math.ceil(this.#limit / 2));
    if (this.#full) this.#halve();
  }

  get #full(): boolean {
    return this.#buckets.length * (this.#span === 1 ? 1 : 2) >= this.#limit;
  }

  add(point: Point): void {
    this.rows++;
    if (this.#near.length < this.#limit / 2 && this.near(point)) this.#near.push(point);
    const last = this.#buckets.at(-1);
    if (last && last.rows < this.#span) {
      last.rows++;
      last.low = lower(last.low, point);
      last.high = higher(last.high, point);
      return;
    }
    if (this.#full) this.#halve();
    this.#buckets.push({ low: point, high: point, rows: 1 });
  }

  /** Joins neighbours in pairs until half of the room is free again. */
  #halve(): void {
    while (this.#buckets.length >= this.#limit / 4) {
      const joined: Bucket[] = [];
      for (let i = 0; i < this.#buckets.length; i += 2) {
        const [a, b = a] = this.#buckets.slice(i, i + 2);
        joined.push({
          low: lower(a.low, b.low),
          high: higher(a.high, b.high),
          rows: a === b ? a.rows : a.rows + b.rows,
        });
      }
      this.#buckets = joined;
      this.#span *= 2;
    }
  }

  /** What is left, in the order of time, each row once. */
  points(): Point[] {
    const kept = new Set(this.#near);
    for (const { low, high } of this.#buckets) kept.add(low).add(high);
    return [...kept].sort((a, b) => a.timeMs - b.timeMs);
  }
}

const lower = (a: Point, b: Point): Point => (Number.isNaN(a.actual) || b.actual < a.actual ? b : a);
const higher = (a: Point, b: Point): Point => (Number.isNaN(a.actual) || b.actual > a.actual ? b : a);
