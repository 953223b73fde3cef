import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Opening } from '../connectors/source.js';
import type { Result } from '../event.js';
import type { AlarmBudget } from '../operators/budget.js';
import { toldBy } from '../operators/chain.js';
import type { Score } from '../operators/scores.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { run, type Summary } from '../pipelines/run.js';
import { addAlerts, marked, openDesk } from './alert-desk.js';
import { comparisonIn, comparisonTable } from './comparison.js';
import { exitCodes, UsageError } from './failure.js';
import { inputOf } from './input.js';
import { coloured, type Io } from './io.js';
import { count, plural } from './numbers.js';
import { type Output, refuseClashes, withRejects } from './outputs.js';
import type { Grid } from './report/collect.js';
import { ReportRows } from './report/rows.js';
import { writeReport } from './report/write.js';
import { rowCount } from './row-count.js';
import { type ErrorLine, errorLines, scoresIn } from './scores.js';
import { sinksFor } from './sinks.js';
import { type LogOptions, opened, usage } from './source.js';
import { openState } from './state.js';
import { anomalyTable, errorTable, markLines, placeOf, places, rejectLines } from './summary.js';
import { Tally } from './tally.js';
import { refuseOtherClusters, topicsFor } from './topics.js';
import { Progress } from './view/progress.js';
import { paint, plain } from './view/text.js';

/** The options of `engram replay`, parsed. */
export interface ReplayOptions extends LogOptions {
  readonly pipeline?: string;
  /** A file of `engram run`, for the cluster, the decoding and the pipeline of a topic. */
  readonly run?: string;
  readonly checkpointRows?: number;
  readonly horizons?: readonly number[];
  readonly memory?: string;
  readonly weights?: string;
  /** How many false alarms are all right. */
  readonly budget?: AlarmBudget;
  readonly stateBytes?: number;
  readonly keyBytes?: number;
  readonly out?: readonly Output[];
  readonly state?: string;
  readonly alerts?: string;
  readonly marks?: string;
  readonly report?: string;
  readonly speed?: number;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Replays a log through a pipeline, shows what happens, and tells at the end what was found and where it is. */
export async function replay(input: string, options: ReplayOptions, io: Io): Promise<number> {
  const named = options.out ?? [];
  const given = await usage(async () => {
    const found = await inputOf(input, options, io);
    return { ...found, pipeline: await addAlerts(found.pipeline, options.alerts) };
  });
  const { pipeline, shown } = given;
  const { source, marks } = await usage(() => marked(given.source, options.marks));
  refuseClashes(named, input, options.report, given.settings?.live);
  refuseOtherClusters(named, given);
  const opening = await usage(() => source.open());
  const { channels, categories = [] } = opening;
  const shape = { shard: opening.shards[0], channels, categories, ...forecastsOf(pipeline) };
  const contested = pipeline.stages.find(({ id }) => id === 'challenge');
  const shadow = named.find(({ kind }) => kind === 'shadow');
  if (shadow && !contested) {
    throw new UsageError(
      `--out shadow:${shadow.path}: expected a pipeline with a step challenge, got ${pipeline.name}`,
    );
  }
  const outputs = withRejects(named, options.state);
  const topics = await usage(() => topicsFor(outputs, given, opening, options));
  const sinks = sinksFor(outputs, shape, io, topics.sinks);
  const scratch = options.report ? (options.state ?? (await mkdtemp(join(tmpdir(), 'engram-')))) : undefined;
  const report = scratch ? new ReportRows(scratch) : undefined;
  try {
    return await follow();
  } finally {
    if (scratch && scratch !== options.state) await rm(scratch, { recursive: true, force: true });
  }

  async function follow(): Promise<number> {
    const { stderr } = io;
    const say = (text: string): void => void (options.quiet || stderr.write(`${text}\n`));
    const store = options.state
      ? await openState(options.state, {
          report: report !== undefined,
          shards: opening.shards,
          forget: options.fresh ?? false,
          outputs: [...sinks.results, ...sinks.anomalies, ...sinks.rejects].map(({ name }) => name),
          say,
        })
      : undefined;
    const total = options.quiet ? undefined : (opening.rows ?? (input === '-' ? undefined : await rowCount(input)));
    const progress = options.quiet
      ? undefined
      : new Progress({ terminal: stderr, colour: coloured(io, stderr), nowMs: () => io.nowMs() });
    const tally = new Tally(opening.spans !== undefined);
    const before = lengthsBefore(opening);
    const stop = new AbortController();
    const ignore = io.onInterrupt(() => stop.abort());
    const startMs = io.nowMs();
    let resumed: string | undefined;
    const scores: Score[][] = [];
    let compared: ReturnType<typeof comparisonIn>;
    let summary: Summary;
    // Rows that come no faster than they did may leave alerts waiting for the next one: then the clock goes on.
    const goesOn = input === '-' || (options.speed ?? 0) >= 1;
    const desk = await openDesk(pipeline, options, goesOn ? 'pipe' : 'log');
    try {
      summary = await run<Result>({
        pipeline,
        source: opened(source, opening),
        sinks: {
          results: [...sinks.results, ...(report ? [report.results] : [])],
          anomalies: [...sinks.anomalies, ...(report ? [report.anomalies] : [])],
          rejects: [...sinks.rejects, ...(report ? [report.rejects] : [])],
          alerts: desk.sinks,
        },
        ...(store ? { store } : {}),
        ...(options.speed === undefined ? {} : { speed: options.speed }),
        ...(options.checkpointRows === undefined ? {} : { checkpointRows: options.checkpointRows }),
        stop: stop.signal,
        onResume(shard, next) {
          tally.begin(shard, next);
          if (next > 0) {
            resumed ??= tally.place;
            say(`going on at ${tally.place}, from the checkpoint in ${options.state}`);
          }
          const first = opening.spans?.get(shard)?.from ?? 0;
          progress?.begin(Math.max(next, first), total, (before.get(shard) ?? 0) - first);
        },
        // The tables are views of live state, so what is needed of them is taken at once.
        onEnd(_, state) {
          scores.push(scoresIn(state));
          compared = comparisonIn(state, contested?.settings);
        },
        onBatch(batch) {
          tally.batch(batch);
          progress?.batch(batch);
        },
      });
      progress?.end();
    } finally {
      progress?.abandon();
      ignore();
      await desk.close();
    }
    const seconds = (io.nowMs() - startMs) / 1000;
    const errors = errorLines(scores);
    if (report && options.report) {
      await writeReport(
        options.report,
        await report.collect(
          channels.filter((name) => !categories.includes(name)),
          gridOf(pipeline),
        ),
        {
          input: shown,
          pipeline,
          errors,
          stopped: summary.stopped,
        },
      );
    }
    const read = summary.rows + summary.rejects > 0 || resumed !== undefined || summary.stopped;
    const nothing = read ? undefined : await source.nothing?.().catch((error: Error) => error.message);
    if (!options.quiet) tell(tally, { errors, compared }, summary, { resumed, nothing, seconds, alerts: desk.tell() });
    const lost = desk.lost();
    if (lost !== undefined) throw new Error(lost);
    if (!summary.stopped) return exitCodes.done;
    stderr.write(
      options.state
        ? `engram: stopped at ${tally.place}: run the same command${options.fresh ? ' without --fresh' : ''} to go on\n`
        : `engram: stopped at ${tally.place}: without --state nothing was kept to go on from\n`,
    );
    return exitCodes.interrupted;
  }

  /** Everything at the end: anomalies, errors, counts, and where things are. */
  function tell(
    tally: Tally,
    { errors, compared }: { errors: readonly ErrorLine[]; compared: ReturnType<typeof comparisonIn> },
    summary: Summary,
    {
      resumed,
      nothing,
      seconds,
      alerts,
    }: {
      resumed: string | undefined;
      /** Why there was not a row. */
      nothing: string | undefined;
      seconds: number;
      alerts: readonly string[];
    },
  ): void {
    const piped = named.some(({ path }) => path === '-');
    const stream = piped ? io.stderr : io.stdout;
    const width = Math.max(60, stream.columns ?? 120);
    const colours = paint(coloured(io, stream));
    const files = (kind: Output['kind']): Output[] => outputs.filter((out) => out.kind === kind && out.path !== '-');
    const placed = (out: Output) => [out.kind, placeOf(out, summary.stopped, topics.found(out))] as const;
    const written = [
      ...files('forecasts').map(placed),
      ...files('shadow').map(placed),
      ...files('anomalies').map(placed),
      ...(tally.rejected > 0 ? files('rejects').map(placed) : []),
      ...(options.state ? [['checkpoint', options.state] as const] : []),
      ...(options.report ? [['report', options.report] as const] : []),
    ];
    const since = resumed === undefined ? '' : `, from ${resumed} on`;
    const lines = [
      '',
      ...anomalyTable(
        tally.anomalies,
        {
          rows: tally.rows,
          rejected: tally.rejected,
          manyKeys: tally.manyKeys,
          manyChannels: opening.channels.length > 1,
        },
        files('anomalies')[0]?.path,
        width,
        colours,
      ),
      '',
      ...block(alerts),
      ...block(markLines(tally, marks.filter(({ offset }) => offset >= tally.next).length)),
      ...block(errorTable(errors, width, colours, opening.channels)),
      ...block(compared ? comparisonTable(compared.sides, compared.comparison, width, colours) : []),
      ...block(rejectLines(tally, files('rejects')[0]?.path ?? 'standard output')),
      `${plural(tally.rows, 'row')}${since} in ${seconds.toFixed(1)} s: ${count(tally.rows / Math.max(seconds, 1e-3))} rows/s, ` +
        `${plural(summary.checkpoints, 'checkpoint')}`,
      ...(resumed !== undefined && tally.rows === 0
        ? ['Nothing new since the checkpoint: --fresh begins again at the first row.']
        : []),
      ...(nothing === undefined ? [] : [`Nothing was read: ${plain(nothing)}.`]),
      ...(written.length > 0 ? ['', colours.bold('Written:'), ...places(written)] : []),
    ];
    stream.write(`${lines.join('\n')}\n`);
  }
}

const block = (lines: readonly string[]): string[] => (lines.length > 0 ? [...lines, ''] : []);

/** How much of the log lies in earlier shards, for each shard of those that know. */
function lengthsBefore({ spans = new Map() }: Opening): ReadonlyMap<string, number> {
  let sum = 0;
  const before = new Map<string, number>();
  for (const [shard, { from, to }] of spans) {
    before.set(shard, sum);
    sum += to - from;
  }
  return before;
}

/** The grid of a pipeline that leaves out the rows it filled in. */
function gridOf({ stages }: Pipeline<Result>): Grid | undefined {
  if (!stages.some(({ id }) => id === 'drop-filled')) return undefined;
  return (stages.find(({ id }) => id === 'align')?.settings as { stepMs?: Grid } | undefined)?.stepMs;
}

/** Rows ahead and quantile levels that the pipeline's forecasts have. */
function forecastsOf({ stages }: Pipeline<Result>): { horizons: readonly number[]; levels: readonly number[] } {
  const { horizons = [], levels = [] } = toldBy(stages);
  return { horizons, levels };
}
