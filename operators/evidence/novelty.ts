import { kernels } from '../../models/kernels/index.js';
import type { Row } from '../../state/layout.js';
import { type RangeOptions, widthOf } from './range.js';
import { deviationOf, highestOf, lowestOf, meanOf, newest, push, recentLayout } from './recent.js';
import { type Incident, learnNumber, news, trustLayout, unprecedented } from './trust.js';

/** Rows over which a number is looked at. */
const errorRows = 10;
export const levelRows = 20;
const edgeRows = 40;
export const longRows = 100;

/** State of one channel: its last values, errors and surprises, and all that each kind of number has ever been. */
export const noveltyLayout = {
  values: recentLayout(longRows),
  errors: recentLayout(errorRows),
  sides: recentLayout(longRows),
  surprises: recentLayout(longRows),
  value: trustLayout,
  level: trustLayout,
  slowLevel: trustLayout,
  spread: trustLayout,
  floor: trustLayout,
  ceiling: trustLayout,
  error: trustLayout,
  bias: trustLayout,
  surprise: trustLayout,
  single: trustLayout,
};
export type Novelty = Row<typeof noveltyLayout>;

/** What is slow or made by a memory leaves its range often and by little: that is no news. */
const drift = 0.05;

/** The kinds of numbers that tell of a state, in the order in which their newness is told. */
export const lastingKinds = [
  'value',
  'level',
  'slow level',
  'spread',
  'floor',
  'ceiling',
  'forecast error',
  'forecast bias',
  'surprise',
] as const;
/** With the one that a single row decides and that leaves no trace in those after it. */
export const noveltyKinds = [...lastingKinds, 'single error'] as const;
export type NoveltyKind = (typeof noveltyKinds)[number];
const single = noveltyKinds.indexOf('single error');

type Ring = 'values' | 'errors' | 'sides' | 'surprises';

/** A number that a channel is looked at by. */
interface NoveltyNumber {
  /** Where its past lies, below which share of its range news of it is none, and what that is multiplied by. */
  readonly past: Exclude<keyof Novelty, Ring>;
  readonly noNews: number;
  readonly weight: number;
  /** It is made of the last so many of these. */
  readonly ring: Ring;
  readonly rows: number;
  of(own: Novelty): number;
}

const ofValues = { ring: 'values', noNews: 0, weight: 1 } as const;
const ofErrors = { ring: 'errors', noNews: drift, weight: 1 } as const;

export const noveltyNumbers: Readonly<Record<NoveltyKind, NoveltyNumber>> = {
  value: { ...ofValues, past: 'value', rows: 1, of: ({ values }) => newest(values) },
  level: { ...ofValues, past: 'level', rows: levelRows, of: ({ values }) => meanOf(values, levelRows) },
  // It tells of the same as the level, later.
  'slow level': {
    ...{ ...ofValues, past: 'slowLevel', weight: 0.5, rows: longRows },
    of: ({ values }) => meanOf(values, longRows),
  },
  spread: { ...ofValues, past: 'spread', noNews: drift, rows: longRows, of: spread },
  floor: { ...ofValues, past: 'floor', noNews: drift, rows: edgeRows, of: ({ values }) => lowestOf(values, edgeRows) },
  ceiling: {
    ...{ ...ofValues, past: 'ceiling', noNews: drift, rows: edgeRows },
    of: ({ values }) => highestOf(values, edgeRows),
  },
  'forecast error': { ...ofErrors, past: 'error', rows: errorRows, of: ({ errors }) => meanOf(errors, errorRows) },
  'forecast bias': {
    ...{ ...ofErrors, past: 'bias', ring: 'sides', rows: longRows },
    of: ({ sides }) => meanOf(sides, longRows),
  },
  surprise: {
    ...{ ...ofErrors, past: 'surprise', ring: 'surprises', rows: longRows },
    of: ({ surprises }) => meanOf(surprises, longRows),
  },
  // Of what has heavy tails or a spread that comes and goes single errors leave their range more often.
  'single error': { ...ofErrors, noNews: 0.15, past: 'single', rows: 1, of: ({ errors }) => newest(errors) },
};
const each = noveltyKinds.map((kind) => noveltyNumbers[kind]);

const leastSpread = 1e-6;

export const range: RangeOptions = { warmupRows: 30, memoryRows: 10_000 };

/**
 * How new what a channel shows is: the sum over several kinds of numbers of how far each is outside its own past, in
 * logarithms, so that one wild number does not drown the rest and two kinds say more than one. The kinds: the value; its
 * mean over a short and a long time, its spread; its floor and its ceiling (a load that no longer rests, a signal that no longer
 * peaks); the error of its forecast, its bias to one side, and the surprise; and the error of one row. What is said stands
 * until the next row of the channel.
 */
export class NoveltyOf {
  /** In all; without the error of the row alone; and without that, beside all that was ever seen, in incidents too. */
  newness = 0;
  lasting = 0;
  unprecedented = 0;
  /** Newness of each kind. */
  readonly parts = new Float64Array(each.length);

  readonly #numbers = new Float64Array(each.length);

  /** Looks at a row of the channel. */
  judge(own: Novelty, value: number, error: number, surprise: number): void {
    this.#look(own, value, error, surprise);
    this.lasting = 0;
    this.unprecedented = 0;
    for (let i = 0; i < each.length; i++) {
      const { past, noNews, weight } = each[i];
      this.parts[i] = weight * news(own[past], this.#numbers[i], range, noNews);
      if (i === single) continue;
      this.lasting += this.parts[i];
      this.unprecedented += weight * unprecedented(own[past], this.#numbers[i], range, noNews);
    }
    this.newness = this.lasting + this.parts[single];
  }

  /** Takes in the numbers that the row was judged by. */
  learn(own: Novelty, incident: Incident): void {
    const constant = own.spread.seen.rows[0] === 0 && own.values.count[0] > longRows;
    for (let i = 0; i < each.length; i++) learnNumber(own[each[i].past], this.#numbers[i], range, incident);
    // That it was flat is known of a channel that moves for the first time.
    if (constant && own.spread.seen.rows[0] > 0) learnNumber(own.spread, flat(own), range, incident);
  }

  /** The row has no value. */
  skip(): void {
    this.newness = 0;
    this.lasting = 0;
    this.unprecedented = 0;
    this.parts.fill(0);
    this.#numbers.fill(Number.NaN);
  }

  #look(own: Novelty, value: number, error: number, surprise: number): void {
    const judged = !Number.isNaN(error) && !Number.isNaN(surprise);
    push(own.values, value);
    if (judged) {
      push(own.errors, error);
      push(own.sides, Math.sign(error));
      push(own.surprises, surprise);
    }
    for (let i = 0; i < each.length; i++) {
      const { ring, of } = each[i];
      this.#numbers[i] = judged || ring === 'values' ? of(own) : Number.NaN;
    }
  }
}

/** The spread of a channel that does not move. */
const flat = ({ value }: Novelty): number => kernels.log(leastSpread * widthOf(value.seen));

/** Logarithm of the standard deviation of the last rows, down to a millionth of the range of the values. */
function spread({ values, value }: Novelty): number {
  return kernels.log(Math.max(deviationOf(values, longRows), leastSpread * widthOf(value.seen)));
}
