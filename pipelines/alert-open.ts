import { readFile, stat } from 'node:fs/promises';
import type { AlertJournal } from '../connectors/alerts/journal.js';
import type { AlertSink } from '../connectors/alerts/sink.js';
import { parseJson } from '../connectors/json-text.js';
import { AlertFeed, type FeedEvent } from './alert-feed.js';
import { checkMatches, knownLabels } from './alert-labels.js';
import type { GroupTime } from './alert-pace.js';
import { type AlertSpec, alertSinksOf, parseSilences } from './alert-spec.js';
import type { Clock } from './pace.js';
import { SpecError } from './spec-error.js';

export interface OpenAlertsOptions {
  /** Where queues lie unless the section names a folder. */
  readonly folder?: string;
  /** Where each queue notes what it holds, instead of in a folder. */
  readonly journalOf?: (sink: string) => AlertJournal;
  /** Further sinks, by names that the section does not use. */
  readonly sinks?: Readonly<Record<string, AlertSink>>;
  readonly clock?: Clock;
  /** By what time goes on for groups that wait: `log` for a log that ends, `pipe` for one that may go on; default `live`. */
  readonly time?: GroupTime;
  readonly onEvent?: (event: FeedEvent) => void;
  /** Told when the file of silences cannot be used; the silences from before stay. */
  readonly onSilencesFile?: (error: Error) => void;
}

/** A feed at work, with its file of silences. */
export interface OpenAlerts {
  readonly feed: AlertFeed;
  /** Looks whether the file of silences has changed: called now and then. */
  refresh(): Promise<void>;
}

/** Opens the feed that a section `alerts` describes; throws a `SpecError` that names the field that is wrong. */
export async function openAlerts(spec: AlertSpec, options: OpenAlertsOptions): Promise<OpenAlerts> {
  const { routes, maintenance, queue, drainMs, silences = [], silencesFile } = spec;
  const read = async (path: string): Promise<NonNullable<AlertSpec['silences']>> => [
    ...silences,
    ...(await silencesOf(path, knownLabels(spec))),
  ];
  let seenMs = silencesFile === undefined ? 0 : await changedMs(silencesFile);
  const all = silencesFile === undefined ? silences : await read(silencesFile);
  const sinks = { ...(await alertSinksOf(spec)), ...options.sinks };
  const folder = spec.folder ?? options.folder;
  let feed: AlertFeed;
  try {
    feed = await AlertFeed.open({
      ...(options.journalOf ? { journalOf: options.journalOf } : folder === undefined ? {} : { folder }),
      sinks,
      silences: all,
      ...(routes ? { routes } : {}),
      ...(maintenance ? { maintenance } : {}),
      ...(queue ? { queue } : {}),
      ...(drainMs === undefined ? {} : { drainMs }),
      ...(options.clock ? { clock: options.clock } : {}),
      ...(options.time ? { time: options.time } : {}),
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  } catch (error) {
    for (const sink of Object.values(sinks)) await sink.close();
    throw error instanceof RangeError ? new SpecError(error.message) : error;
  }
  return {
    feed,
    async refresh() {
      if (silencesFile === undefined) return;
      const nowMs = await changedMs(silencesFile);
      if (nowMs === seenMs) return;
      seenMs = nowMs;
      try {
        await feed.replaceSilences(await read(silencesFile), maintenance);
      } catch (error) {
        options.onSilencesFile?.(error as Error);
      }
    },
  };
}

/** A file that is not there yet holds no silences. */
async function silencesOf(path: string, known: readonly string[]): Promise<NonNullable<AlertSpec['silences']>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw new SpecError(`alerts.silencesFile: ${path} cannot be read (${error.code})`);
  });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new SpecError(`alerts.silencesFile: ${path}: expected JSON: ${(error as Error).message}`);
  }
  const silences = parseSilences(value, path);
  checkMatches(silences, known, `${path}: silences`);
  return silences;
}

const changedMs = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs, size }) => mtimeMs + size / 1e6,
    () => 0,
  );
