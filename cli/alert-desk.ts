import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../connectors/json-text.js';
import { readMarks, withMarks } from '../connectors/marks.js';
import type { Source } from '../connectors/source.js';
import type { Mark, Result } from '../event.js';
import { openAlerts } from '../pipelines/alert-open.js';
import type { GroupTime } from '../pipelines/alert-pace.js';
import { parseAlerts, withAlerts } from '../pipelines/alert-spec.js';
import { AlertTally } from '../pipelines/alert-tally.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import type { AlertOutput } from '../pipelines/run.js';
import { SpecError } from '../pipelines/spec-error.js';
import { UsageError } from './failure.js';
import { plural } from './numbers.js';

/** What the command does with the alerts of a run: opens their queues, and tells at the end how it went. */
export interface AlertDesk {
  readonly sinks: readonly AlertOutput[];
  /** Lines for the end of the run. */
  tell(): string[];
  /** What nobody will hear of unless somebody does something; undefined where there is nothing. */
  lost(): string | undefined;
  close(): Promise<void>;
}

const nothing: AlertDesk = { sinks: [], tell: () => [], lost: () => undefined, close: () => Promise.resolve() };

/** The pipeline with the alerts that a file describes, in place of those it may describe itself. */
export async function addAlerts(pipeline: Pipeline<Result>, file: string | undefined): Promise<Pipeline<Result>> {
  if (file === undefined) return pipeline;
  if (pipeline.alerts)
    throw new UsageError(`--alerts: expected a pipeline without alerts, ${pipeline.name} has its own: leave one out`);
  const from = sectionOf(pipeline, file);
  return withAlerts(pipeline, parseAlerts(await jsonOf(file), from), from);
}

/** What errors call the section of alerts: its file, or where else it stands. */
function sectionOf({ name }: Pick<Pipeline<Result>, 'name'>, file: string | undefined): string {
  if (file === undefined) return `${name}: alerts`;
  return isInline(file) ? '--alerts' : file;
}

/** Whether it is JSON and no file's name. */
export const isInline = (fileOrJson: string): boolean => /^\s*[[{]/.test(fileOrJson);

/** A JSON file, or JSON itself. */
export async function jsonOf(fileOrJson: string): Promise<unknown> {
  const inline = isInline(fileOrJson);
  const text = inline
    ? fileOrJson
    : await readFile(fileOrJson, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${fileOrJson}: expected a JSON file or JSON, it cannot be read (${error.code})`);
      });
  try {
    return parseJson(text);
  } catch (error) {
    throw new UsageError(`${inline ? 'the JSON' : fileOrJson}: expected JSON: ${(error as Error).message}`);
  }
}

/** Opens the queues beside the state; without one they last as long as the run. Standard input may be a log that goes on. */
export async function openDesk(
  pipeline: Pipeline<Result>,
  { state, alerts: file }: { readonly state?: string; readonly alerts?: string },
  time: GroupTime,
): Promise<AlertDesk> {
  const spec = pipeline.alerts;
  if (!spec?.sinks || Object.keys(spec.sinks).length === 0) return nothing;
  const passing = state === undefined && spec.folder === undefined;
  const folder = state === undefined ? await mkdtemp(join(tmpdir(), 'engram-alerts-')) : join(state, 'alerts');
  const place = spec.folder ?? folder;
  const tally = new AlertTally();
  const { feed, refresh } = await openAlerts(spec, { folder, time, onEvent: (event) => tally.see(event) }).catch(
    (error: Error) => {
      if (!(error instanceof SpecError)) throw error;
      throw new UsageError(error.message.replace(/^alerts\./, `${sectionOf(pipeline, file)}: `));
    },
  );
  let left: ReturnType<typeof waitingOf> = [];
  const waitingOf = () => feed.figures.filter(({ waiting }) => waiting > 0);
  const sink: AlertOutput = {
    name: feed.name,
    open: (mark) => feed.open(mark),
    write: (alerts, from, cameMs) => feed.write(alerts, from, cameMs),
    async advance(eventMs) {
      await refresh();
      await feed.advance(eventMs);
    },
    flush: () => feed.flush(),
    async close(complete) {
      await feed.close(complete);
      left = waitingOf();
    },
  };
  return {
    sinks: [sink],
    tell() {
      const { fired, resolved, suppressed } = tally;
      const held = suppressed > 0 ? `, ${suppressed} of them silenced` : '';
      return [
        `${plural(fired, 'alert')} fired, ${resolved} resolved${held}.`,
        ...left.map(({ sink, waiting }) => {
          const why = tally.failing.get(sink);
          const changes = `${plural(waiting, 'change')} of alerts`;
          const rest = passing ? 'lost with this run' : `kept in ${join(place, sink)}: the same command sends them`;
          return `${sink}: ${changes} not handed on${why ? ` (${why})` : ''}, ${rest}`;
        }),
        ...[...tally.refused].map(
          ([sink, { alerts, error }]) =>
            `${sink}: ${plural(alerts, 'change')} refused (${error}), kept in ${join(place, sink, 'refused.ndjson')}`,
        ),
        ...[...tally.dropped].map(
          ([sink, dropped]) => `${sink}: ${plural(dropped, 'change')} given up, as queue.limit was reached`,
        ),
      ];
    },
    lost() {
      const words: string[] = [];
      if (passing && left.length > 0) {
        const sinks = left.map(({ sink }) => sink).join(', ');
        words.push(
          `expected ${sinks} to take everything before the end, without --state what they did not take is lost: name a folder`,
        );
      }
      for (const [sink, { alerts, error }] of tally.refused) {
        words.push(
          `expected ${sink} to take everything, it refused ${plural(alerts, 'change')} (${error}), which will not be sent ` +
            `again: correct the sink; they are kept in ${join(place, sink, 'refused.ndjson')}`,
        );
      }
      return words.length === 0 ? undefined : `alerts: ${words.join('; ')}`;
    },
    async close() {
      if (passing && tally.refused.size === 0) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The source with what operators have said, if a file of marks was named: read once, so that a mistake in it is told at once. */
export async function marked(
  source: Source,
  file: string | undefined,
): Promise<{ readonly source: Source; readonly marks: readonly Mark[] }> {
  if (file === undefined) return { source, marks: [] };
  const marks = await readMarks(file);
  return { source: withMarks(source, () => Promise.resolve(marks)), marks };
}
