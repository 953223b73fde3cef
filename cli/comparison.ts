import { type Comparison, comparisonOf } from '../operators/comparison.js';
import { roles } from '../operators/swaps.js';
import type { Bundle } from '../state/arrow.js';
import { count, figure, percent, plural } from './numbers.js';
import { type TableColumn, table } from './view/table.js';
import type { Paint } from './view/text.js';

/** What a comparison is called and what each side costs, as far as it is known. */
export interface Sides {
  /** Names of the configurations, champion first. */
  readonly names: readonly [string, string];
  /** Bytes of state for each key, and microseconds of processor time for each event. */
  readonly bytes?: readonly [number, number];
  readonly micros?: readonly [number, number];
}

/** The comparison in the state of a pipeline, with the names that its settings give; undefined without a challenge. */
export function comparisonIn(
  state: Readonly<Record<string, Bundle>>,
  settings: unknown,
): { sides: Sides; comparison: Comparison } | undefined {
  const bundle = state.challenge;
  if (!bundle?.shared?.schema.fields.some(({ name }) => name === 'crps')) return undefined;
  const named = (settings ?? {}) as Partial<Record<(typeof roles)[number], { name?: string }>>;
  const [first, second] = roles.map((role) => named[role]?.name ?? role);
  return { sides: { names: [first, second] }, comparison: comparisonOf(bundle) };
}

/** Error and coverage of both per horizon, then alarms, cost, who was in charge, and what the evidence says. */
export function comparisonTable(
  { names, bytes, micros }: Sides,
  comparison: Comparison,
  width: number,
  paint: Paint,
): string[] {
  const { horizons, rows, alarms, inCharge, refused, swaps, automaticSwaps, keys, evidence } = comparison;
  if (rows === 0) return [];
  const right = { align: 'right' } as const;
  const bands = Object.keys(horizons[0]?.coverage[0] ?? {});
  const columns: TableColumn[] = [
    { title: 'Ahead', ...right },
    { title: 'Configuration', gives: true },
    ...['CRPS', ...bands.map((band) => `in ${band} %`)].map((title) => ({ title, ...right })),
  ];
  const lines = horizons.flatMap(({ horizon, crps, coverage }) =>
    roles.map((role, i) => [
      i === 0 ? plural(horizon, 'row') : '',
      `${role}: ${names[i]}`,
      figure(crps[i]),
      ...bands.map((band) => percent(coverage[i][band])),
    ]),
  );
  const [head, rule, ...body] = table(columns, lines, width);
  const both = (what: string, [first, second]: readonly [number, number]): string =>
    `${what}: ${count(first)} and ${count(second)}`;
  const made = [...swaps.map(({ at, to }) => `${to} at offset ${count(at)}`)];
  if (automaticSwaps > 0) made.push(`${plural(automaticSwaps, 'time')} by evidence, key by key`);
  return [
    paint.bold(`Champion against challenger, on ${plural(rows, 'row')} that both answered:`),
    head,
    paint.dim(rule),
    ...body,
    [both('alarms', alarms), ...(bytes ? [both('bytes per key', bytes)] : []), ...(micros ? [costs(micros)] : [])].join(
      '; ',
    ),
    `${both('in charge of rows', inCharge)}; ${both('of keys now', keys)}` +
      (refused[0] + refused[1] > 0 ? `; ${both('rows refused', refused)}` : ''),
    `swaps: ${made.join(', ') || 'none'}; evidence that the one in the shadow is better: ${odds(evidence)}`,
  ];
}

const costs = ([first, second]: readonly [number, number]): string =>
  `µs per event: ${first.toFixed(1)} and ${second.toFixed(1)}`;

/** A bettor's capital: below 3 it says nothing. */
function odds(evidence: number): string {
  if (evidence < 3) return `none (${figure(evidence)})`;
  return evidence > 1e9 ? 'above 1,000,000,000 to 1' : `${figure(evidence)} to 1`;
}
