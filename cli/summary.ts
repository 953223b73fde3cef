import { partOf } from '../connectors/table-sink.js';
import type { Anomaly, Quantity } from '../event.js';
import { count, figure, moment, odds, percent, plural } from './numbers.js';
import type { Output } from './outputs.js';
import type { ErrorLine } from './scores.js';
import type { Tally } from './tally.js';
import { severityMarks } from './view/chart.js';
import { type TableColumn, table } from './view/table.js';
import { type Paint, plain } from './view/text.js';
import type { WorstAnomalies } from './worst.js';

/** What of a tally is about rejects. */
type Refused = Pick<Tally, 'rows' | 'rejects' | 'rejected' | 'firstReject'>;

/** Anomalies that the table at the end shows. */
export const shownAnomalies = 20;

/** What the rows of a run were: whether a series and a channel must be named to be told apart. */
export interface Seen {
  readonly rows: number;
  readonly rejected: number;
  readonly manyKeys: boolean;
  readonly manyChannels: boolean;
}

/** The worst anomalies in the order of time; `file` is where all of them are. */
export function anomalyTable(
  found: WorstAnomalies,
  { rows, rejected, manyKeys, manyChannels }: Seen,
  file: string | undefined,
  width: number,
  paint: Paint,
): string[] {
  const all = found.worst();
  if (rows === 0 && all.length === 0) {
    return [rejected > 0 ? 'No row could be used: nothing was learned.' : 'No new rows, so no new anomalies.'];
  }
  if (all.length === 0) return ['No anomalies: every row was within what the stream had led to expect.'];
  const shown = all.slice(0, shownAnomalies).sort((a, b) => a.peakMs - b.peakMs || (a.id < b.id ? -1 : 1));
  const columns: (TableColumn & { of: (anomaly: Anomaly) => string })[] = [
    { title: 'Peak (UTC)', of: ({ peakMs }) => moment(peakMs) },
    {
      title: 'Severity',
      of: ({ severity, status }) => `${severityMarks[severity]} ${severity}${status === 'open' ? ' (open)' : ''}`,
    },
    ...(manyKeys ? [{ title: 'Key', gives: true, of: ({ key }: Anomaly) => plain(key) }] : []),
    ...(manyChannels ? [{ title: 'Channel', gives: true, of: ({ channel }: Anomaly) => plain(channel) }] : []),
    {
      title: 'Actual',
      align: 'right',
      of: ({ actual, word, quantity }) =>
        word ? plain(word.actual) : quantity ? withUnit(figure(quantity.actual), quantity) : figure(actual),
    },
    {
      title: 'Expected',
      align: 'right',
      of: ({ expected, word, quantity }) =>
        word ? plain(word.expected[0]?.word ?? '') : quantity ? usual(quantity) : figure(expected),
    },
    { title: 'Rarity', align: 'right', drops: 1, of: ({ score }) => odds(score) },
    { title: 'Why', gives: true, least: 11, drops: 2, of: ({ why, quantity }) => plain(reason(why, quantity)) },
  ];
  const [head, rule, ...lines] = table(
    columns,
    shown.map((anomaly) => columns.map(({ of }) => of(anomaly))),
    width,
  );
  const rest = found.count - shown.length;
  return [
    paint.bold(`${plural(found.count, 'anomaly', 'anomalies')}${rest > 0 ? `, the ${shownAnomalies} worst:` : ':'}`),
    head,
    paint.dim(rule),
    ...lines.map((line, i) => {
      const { severity } = shown[i];
      const mark = severityMarks[severity];
      return line.replace(`${mark} ${severity}`, paint[severity](`${mark} ${severity}`));
    }),
    ...(rest > 0
      ? [`… and ${count(rest)} more${file ? ` in ${file}` : ': --out anomalies.ndjson writes them all'}`]
      : []),
  ];
}

/** What the columns before do not say already: `x 5 where 2 was expected: 3 higher` leaves `3 higher`, of a quantity its name. */
const reason = (why: string, quantity?: Quantity): string =>
  quantity ? quantity.name : (why.split(' was expected: ').at(-1) ?? why);

const withUnit = (text: string, { unit }: Quantity): string => (unit === undefined ? text : `${text} ${unit}`);

/** What is usual of a quantity. */
const usual = (quantity: Quantity): string => {
  const { expected, low, high } = quantity;
  const text = expected === undefined ? `${figure(low)} to ${figure(high)}` : figure(expected);
  return withUnit(text, quantity);
};

/** Error and coverage per horizon beside the simple forecasters; the first column group says how far ahead. */
export function errorTable(
  lines: readonly ErrorLine[],
  width: number,
  paint: Paint,
  channels: readonly string[] = [],
): string[] {
  if (lines.length === 0) return [];
  const columns: TableColumn[] = [
    { title: 'Ahead', align: 'right' },
    { title: 'Forecaster', gives: true },
    ...['MAE', 'WAPE', 'CRPS', 'in 50 %', 'in 80 %', 'in 98 %'].map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = lines.map(({ horizon, forecaster, mae, wape, crps, coverage }, i) => [
    lines[i - 1]?.horizon === horizon ? '' : plural(horizon, 'row'),
    forecaster,
    figure(mae),
    percent(wape),
    figure(crps),
    ...[0, 1, 2].map((level) => (coverage ? percent(coverage[level]) : '')),
  ]);
  const [head, rule, ...body] = table(columns, rows, width);
  return [
    paint.bold(`Forecast error${over(channels)}, and the share of values inside each band:`),
    head,
    paint.dim(rule),
    ...body.map((line, i) => (lines[i - 1]?.horizon !== lines[i].horizon ? paint.bold(line) : line)),
  ];
}

/** Where several channels are one figure, that must be said: their units may differ. */
const over = ({ length }: readonly string[]): string =>
  length > 1 ? ` (one mean over ${length} channels, each in its own units)` : '';

/** Rejected rows by reason, and where they are; where they are the most, the first one says what may be wrong with all. */
export function rejectLines({ rows, rejects, rejected, firstReject }: Refused, file: string): string[] {
  if (rejected === 0) return [];
  const reasons = [...rejects].sort(([, a], [, b]) => b - a).map(([reason, n]) => `${count(n)} ${reason}`);
  return [
    `${plural(rejected, 'row')} rejected (${reasons.join(', ')}): see ${file}`,
    ...(rejected > rows && firstReject !== undefined ? [`The first: ${plain(firstReject)}`] : []),
  ];
}

/** Marks that are named at the end where they found nothing. */
const shownMarks = 5;

/** What became of marks: how many were taken in and found an alarm, which found none, and how many wait for a row that has not come. */
export function markLines({ marks, vainMarks }: Pick<Tally, 'marks' | 'vainMarks'>, waiting: number): string[] {
  const { handed, heard, found, alarms } = marks;
  if (handed + waiting === 0) return [];
  const parts = [
    ...(found > 0 ? [`${count(found)} found ${plural(alarms, 'alarm')} to be judged by`] : []),
    ...(heard > found ? [`${count(heard - found)} found none and changed nothing`] : []),
    ...(handed > heard ? [`${count(handed - heard)} met no step that takes marks (detect or htm-detect)`] : []),
    ...(waiting > 0 ? [`${count(waiting)} not taken in yet: the log ends before their row`] : []),
  ];
  const named = vainMarks.slice(0, shownMarks).map(({ mark, known }) => {
    const { key, verdict, startMs, endMs } = mark;
    const why = known ? 'no alarm of the key lies there, or more than 32 came since' : 'no row of this key had come';
    return `  ${verdict}, ${plain(key)} from ${moment(startMs)} to ${moment(endMs)}: ${why}`;
  });
  const rest = heard - found - named.length;
  return [
    `${plural(handed, 'mark')} taken in: ${parts.join('; ')}`,
    ...named,
    ...(rest > 0 ? [`  … and ${count(rest)} more`] : []),
  ];
}

/** Where an output is: those that are only made when the log ends lie beside their place until then. */
export const placeOf = ({ path, format }: Output, stopped: boolean, found = 0): string =>
  format === 'kafka'
    ? `${path}${found > 0 ? ` (${plural(found, 'row')} were there already; --fresh writes all again)` : ''}`
    : stopped && format !== 'ndjson'
      ? `${partOf(path)} (takes its final form as ${path} when the log ends)`
      : path;

/** Names and places in two columns. */
export function places(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, path]) => `  ${name.padEnd(width)}  ${path}`);
}
