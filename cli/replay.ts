import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CutInput } from '../connectors/bytes.js';
import type { FileFormat } from '../connectors/file.js';
import type { Opening, Source } from '../connectors/source.js';
import type { TimeFormat } from '../connectors/times.js';
import type { Result } from '../event.js';
import type { Score } from '../operators/scores.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import type { RecordFormat } from '../pipelines/record-formats.js';
import { run, type Summary } from '../pipelines/run.js';
import { SpecError } from '../pipelines/spec-error.js';
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
import { openState } from './state.js';
import { anomalyTable, errorTable, placeOf, places, rejectLines } from './summary.js';
import { Tally } from './tally.js';
import { topicsFor } from './topics.js';
import { Progress } from './view/progress.js';
import { paint } from './view/text.js';

/** The options of `engram replay`, parsed. */
export interface ReplayOptions {
  readonly pipeline?: string;
  readonly time?: string;
  readonly values?: readonly string[];
  readonly key?: string;
  readonly format?: FileFormat | RecordFormat;
  /** A file of `engram run`, for the cluster, the decoding and the pipeline of a topic. */
  readonly run?: string;
  readonly timeFormat?: TimeFormat;
  readonly zone?: string;
  readonly step?: number;
  readonly checkpointRows?: number;
  readonly horizons?: readonly number[];
  readonly memory?: string;
  readonly out?: readonly Output[];
  readonly state?: string;
  readonly report?: string;
  readonly speed?: number;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Replays a log through a pipeline, shows what happens, and tells at the end what was found and where it is. */
export async function replay(input: string, options: ReplayOptions, io: Io): Promise<number> {
  const named = options.out ?? [];
  const given = await usage(() => inputOf(input, options, io));
  const { pipeline, source, shown } = given;
  refuseClashes(named, input, options.report);
  const opening = await usage(() => source.open());
  const shape = { shard: opening.shards[0], channels: opening.channels, ...forecastsOf(pipeline) };
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
          forget: options.fresh ? opening.shards : [],
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
    let summary: Summary;
    try {
      summary = await run<Result>({
        pipeline,
        source: opened(source, opening),
        sinks: {
          results: [...sinks.results, ...(report ? [report.results] : [])],
          anomalies: [...sinks.anomalies, ...(report ? [report.anomalies] : [])],
          rejects: [...sinks.rejects, ...(report ? [report.rejects] : [])],
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
    }
    const seconds = (io.nowMs() - startMs) / 1000;
    const errors = errorLines(scores);
    if (report && options.report) {
      await writeReport(options.report, await report.collect(opening.channels, gridOf(pipeline)), {
        input: shown,
        pipeline,
        errors,
        stopped: summary.stopped,
      });
    }
    if (!options.quiet) tell(tally, errors, summary, { resumed, seconds });
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
    errors: readonly ErrorLine[],
    summary: Summary,
    { resumed, seconds }: { resumed: string | undefined; seconds: number },
  ): void {
    const piped = named.some(({ path }) => path === '-');
    const stream = piped ? io.stderr : io.stdout;
    const width = Math.max(60, stream.columns ?? 120);
    const colours = paint(coloured(io, stream));
    const files = (kind: Output['kind']): Output[] => outputs.filter((out) => out.kind === kind && out.path !== '-');
    const placed = (out: Output) => [out.kind, placeOf(out, summary.stopped, topics.found(out))] as const;
    const written = [
      ...files('forecasts').map(placed),
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
        { rows: tally.rows, manyKeys: tally.manyKeys, manyChannels: opening.channels.length > 1 },
        files('anomalies')[0]?.path,
        width,
        colours,
      ),
      '',
      ...block(errorTable(errors, width, colours)),
      ...block(rejectLines(tally.rejects, files('rejects')[0]?.path ?? 'standard output')),
      `${plural(tally.rows, 'row')}${since} in ${seconds.toFixed(1)} s: ${count(tally.rows / Math.max(seconds, 1e-3))} rows/s, ` +
        `${plural(summary.checkpoints, 'checkpoint')}`,
      ...(resumed !== undefined && tally.rows === 0
        ? ['Nothing new since the checkpoint: --fresh begins again at the first row.']
        : []),
      ...(written.length > 0 ? ['', colours.bold('Written:'), ...places(written)] : []),
    ];
    stream.write(`${lines.join('\n')}\n`);
  }
}

const block = (lines: readonly string[]): string[] => (lines.length > 0 ? [...lines, ''] : []);

/** Faults of what was asked for, told as such. */
async function usage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CutInput || !(error instanceof Error)) throw error;
    const plainError = error instanceof SpecError || error.constructor === Error || error.constructor === RangeError;
    throw plainError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** The source, without being asked again what it holds. */
const opened = (source: Source, opening: Opening): Source => ({
  open: () => Promise.resolve(opening),
  read: (...given) => source.read(...given),
  starts: async (...given) => source.starts?.(...given),
  close: async () => source.close?.(),
});

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
  const settings = (id: string): Record<string, unknown> =>
    (stages.find((stage) => stage.id === id)?.settings ?? {}) as Record<string, unknown>;
  return {
    horizons: (settings('remember').horizons as number[] | undefined) ?? [],
    levels: (settings('interval').levels as number[] | undefined) ?? [],
  };
}
