import { writeFileSync } from 'node:fs';
import type { Batch, Event } from '../event.js';
import { withoutPeriods } from '../models/catalog.js';
import type { AlarmBudget } from '../operators/budget.js';
import { toldBy } from '../operators/chain.js';
import type { Shard } from '../operators/stage.js';
import { roles } from '../operators/swaps.js';
import { challengeSpec } from '../pipelines/challenge-spec.js';
import { type AnyStage, Lane } from '../pipelines/lane.js';
import { loadSpec } from '../pipelines/load.js';
import { run } from '../pipelines/run.js';
import { pipelineOf } from '../pipelines/spec.js';
import type { PipelineSpec, StageSpec } from '../pipelines/stages.js';
import { alarmBudgetOf } from './alarm-budget.js';
import { comparisonIn, comparisonTable, type Sides } from './comparison.js';
import { exitCodes } from './failure.js';
import { coloured, type Io } from './io.js';
import { plural } from './numbers.js';
import { type LogOptions, sourceOf, usage } from './source.js';
import { paint } from './view/text.js';

/** The options of `engram compare`, parsed. */
export interface CompareOptions extends LogOptions {
  readonly champion: string;
  /** The champion's when absent. */
  readonly challenger?: string;
  /** The challenger's memory. */
  readonly memory?: string;
  readonly horizons?: readonly number[];
  /** Of both. */
  readonly budget?: AlarmBudget;
  readonly json?: string;
}

/** Rows of the log on which both are timed. */
const timedRows = 20_000;

/** Runs two configurations over one log and shows what each is worth and what it costs. */
export async function compare(input: string, options: CompareOptions, io: Io): Promise<number> {
  const { memory, horizons, json } = options;
  const common = { ...(horizons ? { horizons } : {}), ...alarmBudgetOf(options) };
  const spec = await usage(async () => {
    const champion = await loadSpec(options.champion, common);
    const other = options.challenger ?? options.champion;
    const challenger = await loadSpec(other, { ...common, ...(memory === undefined ? {} : { memory }) });
    const name = memory === undefined ? challenger.name : `${challenger.name} with ${memory}`;
    return challengeSpec(champion, { ...challenger, name });
  });
  for (const warning of seasonless(spec)) io.stderr.write(`engram: ${warning}\n`);
  const pipeline = await usage(async () => pipelineOf(spec));
  const source = await usage(async () => sourceOf(input, options, io));
  const opening = await usage(() => source.open());
  const first: Batch<Event>[] = [];
  let found: ReturnType<typeof comparisonIn>;
  const { rows } = await run({
    pipeline,
    source: {
      open: () => Promise.resolve(opening),
      async *read(...given) {
        let taken = 0;
        for await (const batch of source.read(...given)) {
          if (taken < timedRows) first.push(batch);
          taken += batch.rows.length;
          yield batch;
        }
      },
    },
    onEnd(_, state) {
      found = comparisonIn(state, pipeline.stages.find(({ id }) => id === 'challenge')?.settings);
    },
  });
  if (!found) throw new Error('expected the state of a challenge at the end of the log, found none');
  const shard: Shard = { name: opening.shards[0], channels: opening.channels, categories: opening.categories ?? [] };
  const sides: Sides = { ...found.sides, ...costsOf(spec, shard, first) };
  const width = Math.max(60, io.stdout.columns ?? 120);
  const lines = comparisonTable(sides, found.comparison, width, paint(coloured(io, io.stdout)));
  io.stdout.write(
    `${(lines.length > 0 ? lines : [`${plural(rows, 'row')}, none of them answered by both`]).join('\n')}\n`,
  );
  if (json) writeFileSync(json, `${JSON.stringify({ ...sides, comparison: found.comparison }, null, 1)}\n`);
  return exitCodes.done;
}

/** Which side has a memory that lives by periods, and no step that finds any. */
function seasonless({ stages }: PipelineSpec): string[] {
  const at = stages.findIndex((stage) => 'challenge' in stage);
  const { challenge } = stages[at] as Extract<StageSpec, { challenge: unknown }>;
  const before = stages.slice(0, at);
  return roles.flatMap((role) => {
    const steps = [...before, ...challenge[role].stages];
    const memory = steps.find((step) => 'remember' in step)?.remember.memory;
    if (memory === undefined || withoutPeriods.includes(memory) || steps.some((step) => 'seasons' in step)) return [];
    return [
      `${role} ${challenge[role].name}: no step seasons stands before the memory ${memory}, which then knows no period: ` +
        'compare pipelines that have one, such as sensor-anomaly',
    ];
  });
}

/** State and processor time of each side alone, behind the steps that both have in common. */
function costsOf(spec: PipelineSpec, shard: Shard, batches: readonly Batch<Event>[]): Omit<Sides, 'names'> {
  const at = spec.stages.findIndex((stage) => 'challenge' in stage);
  const { challenge } = spec.stages[at] as Extract<StageSpec, { challenge: unknown }>;
  const stagesOf = (steps: readonly object[]): readonly AnyStage[] =>
    pipelineOf({ name: 'side', stages: steps as StageSpec[] }).stages;
  const head = stagesOf(spec.stages.slice(0, at));
  const sides = roles.map((role) => stagesOf(challenge[role].stages));
  const told = { ...shard, ...toldBy(head) };
  const bytes = sides.map((stages) => bytesOf(stages, told));
  const lanes = [head, ...sides.map((stages) => [...head, ...stages])].map((stages) => new Lane(stages, shard));
  const micros = lanes.map(() => 0);
  // In turns, so that whatever else the machine does falls on all alike.
  for (const batch of batches) {
    for (const [i, lane] of lanes.entries()) {
      const started = process.cpuUsage();
      lane.push(batch);
      micros[i] += process.cpuUsage(started).user;
    }
  }
  for (const lane of lanes) lane.close();
  const rows = Math.max(
    1,
    batches.reduce((sum, batch) => sum + batch.rows.length, 0),
  );
  const [shared, first, second] = micros;
  return {
    bytes: [bytes[0], bytes[1]],
    micros: [Math.max(0, first - shared) / rows, Math.max(0, second - shared) / rows],
  };
}

function bytesOf(stages: readonly AnyStage[], shard: Shard): number {
  let told = shard;
  return stages.reduce((sum, stage) => {
    const wants = stage.wants?.(told) ?? [];
    told = { ...told, ...stage.tells };
    return sum + wants.reduce((own, { keyBytes }) => own + keyBytes, 0);
  }, 0);
}
