import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Pipeline } from '../../pipelines/pipeline.js';
import type { ErrorLine } from '../scores.js';
import { version } from '../version.js';
import type { Collector } from './collect.js';
import { page } from './page.js';

/** What a report says besides rows and anomalies. */
export interface ReportFacts {
  readonly input: string;
  readonly pipeline: Pipeline<never>;
  readonly errors: readonly ErrorLine[];
  readonly stopped: boolean;
}

/** Writes the page beside its place and moves it there: a reader never sees half of one. */
export async function writeReport(path: string, collector: Collector, facts: ReportFacts): Promise<void> {
  const { input, pipeline, errors, stopped } = facts;
  const { shown, inAll } = collector.anomalies();
  const html = page({
    title: input === '-' ? 'standard input' : basename(input),
    pipeline: pipeline.name,
    input: input === '-' ? 'standard input' : input,
    version: `engram ${version()}`,
    settings: JSON.stringify(
      pipeline.stages.map(({ id, settings }) => ({ [id]: settings ?? {} })),
      null,
      2,
    ),
    rows: collector.rows,
    rejects: collector.rejects,
    stopped,
    keys: collector.keys,
    keysDrawn: collector.keysDrawn,
    anomalies: shown,
    anomaliesInAll: inAll,
    series: collector.series(),
    errors,
  });
  await mkdir(dirname(resolve(path)), { recursive: true });
  await writeFile(`${path}.tmp`, html);
  await rename(`${path}.tmp`, path);
}
