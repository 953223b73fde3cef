import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type BrokenJson, parseJson } from '../connectors/json-text.js';
import type { Anomaly, Result } from '../event.js';
import type { AlarmBudget } from '../operators/budget.js';
import { AlertPreview, type Preview, previewStored } from '../pipelines/alert-preview.js';
import { type AlertSpec, withAlerts } from '../pipelines/alert-spec.js';
import { loadPipeline } from '../pipelines/load.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { run } from '../pipelines/run.js';
import { alarmBudgetOf } from './alarm-budget.js';
import { exitCodes, UsageError } from './failure.js';
import { coloured, type Io } from './io.js';
import { count, figure, moment, plural, span } from './numbers.js';
import { givenRules, previewedSection } from './preview-rules.js';
import { writeAlertPage } from './report/write-alerts.js';
import { type LogOptions, opened, sourceOf, usage } from './source.js';
import { severityMarks } from './view/chart.js';
import { table } from './view/table.js';
import { type Paint, paint, plain } from './view/text.js';

export interface PreviewOptions extends LogOptions {
  /** Those of the pipeline by default. */
  readonly rule?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly pipeline: string;
  readonly horizons?: readonly number[];
  readonly budget?: AlarmBudget;
  readonly json?: boolean;
  readonly report?: string;
}

/** Tells what rules would have made of a log, or of anomalies that were stored. */
export async function previewAlerts(input: string, options: PreviewOptions, io: Io): Promise<number> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  if (from > to) {
    throw new UsageError(`--from: expected a time before --to (${moment(to)}), got ${moment(from)}: exchange them`);
  }
  const given = options.rule && (await givenRules(options.rule));
  const stored = await storedAnomalies(input);
  if (stored && options.budget) {
    throw new UsageError('--budget: has no effect on stored anomalies, which are found already: leave it out');
  }
  const pipeline = stored && given ? undefined : await pipelineOf(options);
  const section = await previewedSection(given, pipeline?.alerts, options.pipeline);
  const { rules } = section;
  const preview = new AlertPreview(
    rules.map(({ name }) => name),
    options.from,
    options.to,
  );
  if (stored) await previewStored(stored, section, preview);
  else if (pipeline) await previewLog(input, pipeline, section, preview, options, io);
  const sum = preview.sum();
  if (options.report) await writeAlertPage(options.report, { input, sum, rules });
  if (options.json) io.stdout.write(`${JSON.stringify(sum, null, 1)}\n`);
  else
    io.stdout.write(
      `${linesOf(sum, options, Math.max(60, io.stdout.columns ?? 120), paint(coloured(io, io.stdout))).join('\n')}\n`,
    );
  if (options.report && !options.json) io.stdout.write(`\nWritten: ${options.report}\n`);
  return exitCodes.done;
}

/** What finds the anomalies of a log, and may have rules of its own. */
const pipelineOf = ({ horizons, ...options }: PreviewOptions): Promise<Pipeline<Result>> =>
  usage(() => loadPipeline(options.pipeline, { ...(horizons ? { horizons } : {}), ...alarmBudgetOf(options) }));

async function previewLog(
  input: string,
  pipeline: Pipeline<Result>,
  section: AlertSpec,
  preview: AlertPreview,
  options: PreviewOptions,
  io: Io,
): Promise<void> {
  const source = sourceOf(input, options, io);
  const opening = await usage(() => source.open());
  // Of a step that it has already the rules may be others.
  const base = { ...pipeline, stages: pipeline.stages.filter(({ id }) => id !== 'alert') };
  await run<Result>({
    pipeline: withAlerts(rebuilt(base), section),
    source: opened(source, opening),
    sinks: { alerts: [preview] },
    onBatch: ({ rows }) => preview.addRows(rows),
  });
}

/** `through` of a pipeline goes on from the steps it was made with: here from those that are left. */
function rebuilt<P extends Awaited<ReturnType<typeof loadPipeline>>>(base: P): P {
  return { ...base, through: (step: never) => ({ ...base, stages: [...base.stages, step] }) } as unknown as P;
}

/** The anomalies of an NDJSON file that holds such; undefined where it holds something else. */
async function storedAnomalies(input: string): Promise<Anomaly[] | undefined> {
  if (!/\.(ndjson|jsonl)$/i.test(input)) return undefined;
  const lines = createInterface({ input: createReadStream(input), crlfDelay: Number.POSITIVE_INFINITY });
  let first: string | undefined;
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      first = line;
      break;
    }
  } catch (error) {
    throw new UsageError(`${input}: expected a file, it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    lines.close();
  }
  // What is wrong with another log is told where it is read.
  const broken = (): undefined => undefined;
  if (first === undefined || !isAnomaly(parsed(first, broken))) return undefined;
  const text = await readFile(input, 'utf8');
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const where = `${input} line ${i + 1}: expected an anomaly, as all lines before it`;
    const row = parsed(line, ({ inLine }) => {
      throw new UsageError(`${where}: ${inLine}`);
    });
    if (!isAnomaly(row)) throw new UsageError(where);
    for (const name of ['actual', 'expected', 'low', 'high']) row[name] ??= Number.NaN;
    return [row as unknown as Anomaly];
  });
}

function parsed(line: string, onBroken: (error: BrokenJson) => undefined): unknown {
  try {
    return parseJson(line);
  } catch (error) {
    return onBroken(error as BrokenJson);
  }
}

const isAnomaly = (row: unknown): row is Record<string, unknown> =>
  ['id', 'key', 'startMs', 'endMs', 'peakMs', 'severity', 'score'].every((name) => Object.hasOwn(Object(row), name));

/** Days that are listed one by one; of longer times the chart tells. */
const listedDays = 31;

function linesOf(
  { rules, days, keys, moreKeys, fromMs, toMs, rows, logFromMs, logToMs, alerts }: Preview,
  { from, to }: Pick<PreviewOptions, 'from' | 'to'>,
  width: number,
  colours: Paint,
): string[] {
  if (!(logFromMs <= logToMs)) return ['No rows, so no alerts.'];
  if (rows === 0) {
    const begin = from === undefined ? 'its beginning' : moment(from);
    const end = to === undefined ? 'its end' : moment(to);
    return [
      `No rows from ${begin} to ${end}, so no alerts: the log has rows from ${moment(logFromMs)} to ${moment(logToMs)} UTC. ` +
        'Name a time within that with --from and --to.',
    ];
  }
  const [head, rule, ...body] = table(
    [
      { title: 'Rule', gives: true },
      ...['Alerts', 'a day', 'Open', 'Messages', 'Median length', '● info', '▲ warning', '◆ major', '✖ critical'].map(
        (title) => ({
          title,
          align: 'right' as const,
        }),
      ),
    ],
    rules.map(({ rule, alerts, perDay, open, messages, medianMs, bySeverity }) => [
      plain(rule),
      count(alerts),
      figure(Number(perDay.toPrecision(2))),
      count(open),
      count(messages),
      span(medianMs / 1000),
      ...Object.values(bySeverity).map(count),
    ]),
    width,
  );
  return [
    colours.bold(`Would have fired, ${moment(fromMs)} to ${moment(toMs)} UTC (${plural(days.length, 'day')}):`),
    head,
    colours.dim(rule),
    ...body,
    ...partsOf(rules),
    ...messagesMean.map((line) => colours.dim(line)),
    '',
    ...rules.flatMap(({ rule }, i) => [
      `${plain(rule)}, a day:  ${sparkline(
        days.map(({ alerts }) => alerts[i]),
        width - 30,
      )}`,
    ]),
    ...(days.length <= listedDays
      ? [
          '',
          ...dayTable(
            days,
            rules.map(({ rule }) => rule),
            width,
            colours,
          ),
        ]
      : busiest(
          days,
          rules.map(({ rule }) => rule),
          width,
          colours,
        )),
    '',
    ...keyTable(keys, moreKeys, alerts.length, width, colours),
  ];
}

const messagesMean = [
  'Messages: as a receiver gets them by default. A new alert of a rule waits 30 s for others, changes are told every',
  '5 min at most, what goes on every 4 h, and ends. Silences are not looked at.',
];

/** How many alerts of a rule nobody would have heard of by themselves. */
function partsOf(rules: Preview['rules']): string[] {
  return rules.flatMap(({ rule, alerts, told }) =>
    told < alerts
      ? [
          `${plain(rule)}: ${count(alerts - told)} of them are part of one of many keys at once, and not told by themselves.`,
        ]
      : [],
  );
}

/** A line of bars, one per day or, where there are more days than room, per so many days. */
export function sparkline(counts: readonly number[], width: number): string {
  const each = Math.ceil(counts.length / Math.max(1, width));
  const sums: number[] = [];
  for (let at = 0; at < counts.length; at += each)
    sums.push(counts.slice(at, at + each).reduce((sum, n) => sum + n, 0));
  const most = Math.max(1, ...sums);
  const bars = '▁▂▃▄▅▆▇█';
  const line = sums.map((n) => (n === 0 ? '·' : bars[Math.min(7, Math.ceil((n / most) * 8) - 1)])).join('');
  return `${line}  (highest: ${most}${each > 1 ? ` in ${each} days` : ''})`;
}

function dayTable(days: Preview['days'], rules: readonly string[], width: number, colours: Paint): string[] {
  const [head, rule, ...body] = table(
    [{ title: 'Day (UTC)' }, ...rules.map((title) => ({ title: plain(title), align: 'right' as const }))],
    days.map(({ dayMs, alerts }) => [moment(dayMs).slice(0, 10), ...alerts.map(count)]),
    width,
  );
  return [head, colours.dim(rule), ...body];
}

function busiest(days: Preview['days'], rules: readonly string[], width: number, colours: Paint): string[] {
  const sumOf = ({ alerts }: Preview['days'][number]): number => alerts.reduce((sum, n) => sum + n, 0);
  const most = [...days]
    .sort((a, b) => sumOf(b) - sumOf(a) || a.dayMs - b.dayMs)
    .slice(0, 10)
    .filter((day) => sumOf(day) > 0);
  return most.length === 0 ? [] : ['', 'Busiest days:', ...dayTable(most, rules, width, colours)];
}

function keyTable(keys: Preview['keys'], more: number, alerts: number, width: number, colours: Paint): string[] {
  if (keys.length === 0) return ['No alerts.'];
  const [head, rule, ...body] = table(
    [
      { title: 'Key', gives: true },
      { title: 'Alerts', align: 'right' },
      { title: 'Share', align: 'right' },
      { title: 'Worst' },
    ],
    keys.map(({ key, alerts: n, worst }) => [
      plain(key),
      count(n),
      `${((100 * n) / alerts).toFixed(0)} %`,
      `${severityMarks[worst]} ${worst}`,
    ]),
    width,
  );
  return [head, colours.dim(rule), ...body, ...(more > 0 ? [`… and ${plural(more, 'key')} more`] : [])];
}
