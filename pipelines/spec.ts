import { z } from 'zod';
import { hint } from '../connectors/nearest.js';
import type { Result } from '../event.js';
import { type MemoryName, memories } from '../models/catalog.js';
import { headNames } from '../models/heads.js';
import type { Pretrained } from '../operators/remember.js';
import { roles } from '../operators/swaps.js';
import { parseAlerts, withAlerts } from './alert-spec.js';
import type { AnyStage } from './lane.js';
import { type Pipeline, pipeline } from './pipeline.js';
import { explain, type Issue, SpecError, shown } from './spec-error.js';
import {
  type BranchSpec,
  type ChallengeSpec,
  type PipelineSpec,
  type PromptName,
  promptNames,
  type StageName,
  type StageOptions,
  stageNames,
  stages,
} from './stages.js';
import { wrongOrder } from './step-order.js';

const keys = z
  .strictObject({ limit: z.int().min(1).max(100_000_000), whenFull: z.enum(['reject', 'evict']) })
  .exactOptional();
const levels = z.array(z.number().gt(0).lt(1)).min(1);
/** `withWeights` puts what it read in the place of a path. */
const isPretrained = (value: unknown): boolean => typeof (value as Partial<Pretrained> | null)?.digest === 'string';
const count = z.number().min(0);
const per = z.enum(['key', 'all']);
const bytes = z.int().min(1).exactOptional();

/** A configuration under challenge; its steps are checked one by one. */
const branch = z.strictObject({ name: z.string().min(1).max(200), stages: z.array(z.unknown()).min(1).max(20) });
const role = z.enum(roles);

const name = z.string().min(1);
const encoder = z.discriminatedUnion('encode', [
  z.strictObject({
    encode: z.enum(['scalar', 'delta']),
    of: name,
    fineness: z.number().min(1).max(1000).exactOptional(),
  }),
  z.strictObject({ encode: z.enum(['time-of-day', 'day-of-week', 'weekend', 'day-of-year']) }),
  z.strictObject({ encode: z.literal('season'), nth: z.union([z.literal(1), z.literal(2)]) }),
  z.strictObject({ encode: z.literal('category'), of: name }),
  z.strictObject({ encode: z.literal('place'), of: z.tuple([name, name]), cellDegrees: z.number().gt(0) }),
]);

/** What every operator accepts; the compiler holds it against the operator's own options. */
const options: { readonly [N in StageName]: z.ZodType<StageOptions<N>> & { readonly shape: object } } = {
  reorder: z.strictObject({
    latenessMs: count.exactOptional(),
    capacity: z.int().min(1).exactOptional(),
    duplicates: z.enum(['keep', 'reject']).exactOptional(),
    leapMs: z.number().min(1).exactOptional(),
    keys,
  }),
  align: z.strictObject({
    stepMs: z.union([z.literal('auto'), z.number().min(1)]).exactOptional(),
    fill: z.union([z.enum(['none', 'missing', 'previous']), z.number()]).exactOptional(),
    maxGapRows: z.int().min(0).exactOptional(),
    collide: z.enum(['keep', 'first', 'last', 'mean']).exactOptional(),
    keys,
  }),
  normalize: z.strictObject({ memoryRows: z.number().exactOptional(), keys }),
  seasons: z.strictObject({
    memoryRows: z.int().min(128).exactOptional(),
    longestRows: z.int().min(8).exactOptional(),
    keys,
  }),
  remember: z.strictObject({
    memory: z.enum(Object.keys(memories) as [MemoryName, ...MemoryName[]]),
    horizons: z.array(z.int().min(1)).min(1),
    seed: z.int().min(0).exactOptional(),
    head: z.enum(headNames).exactOptional(),
    encoders: z.array(encoder).min(1).exactOptional(),
    pooler: z.strictObject({ inhibition: z.enum(['global', 'local']) }).exactOptional(),
    words: z
      .strictObject({ limit: z.int().min(2).exactOptional(), whenFull: z.enum(['evict', 'other']).exactOptional() })
      .exactOptional(),
    weights: z.union([z.enum(['own', 'shared']), z.custom<Pretrained>(isPretrained)]).exactOptional(),
    keys,
  }),
  interval: z.strictObject({ levels: levels.exactOptional(), keys }),
  detect: z.strictObject({
    budget: z
      .union([
        z.strictObject({
          alarms: count,
          per,
          every: z.templateLiteral([z.number(), z.enum(['s', 'm', 'h', 'd', 'w'])], {
            error: 'expected a time such as "7d", "12h" or "30m"',
          }),
        }),
        z.strictObject({ alarms: count, per, rows: z.number().min(1) }),
        z.strictObject({ falseDiscoveries: z.number().gt(0).lt(1) }),
      ])
      .exactOptional(),
    warmupRows: z.int().min(1).exactOptional(),
    memoryRows: z.number().min(1).exactOptional(),
    evidence: z.enum(['surprise', 'all', 'conformal']).exactOptional(),
    missing: z.enum(['evidence', 'ignore']).exactOptional(),
    keys,
  }),
  'htm-detect': z.strictObject({
    seed: z.int().min(0).exactOptional(),
    learnRows: z.int().min(0).exactOptional(),
    warmupRows: z.int().min(1).exactOptional(),
    keys,
  }),
  challenge: z.strictObject({
    champion: branch as unknown as z.ZodType<BranchSpec>,
    challenger: branch as unknown as z.ZodType<BranchSpec>,
    swaps: z
      .array(z.strictObject({ at: z.int().min(0), to: role, shard: z.string().min(1).exactOptional() }))
      .exactOptional(),
    automatic: z.strictObject({ alpha: z.number().gt(0).max(0.5) }).exactOptional(),
    horizons: z.array(z.int().min(1)).min(1).exactOptional(),
    keys,
  }),
  episode: z.strictObject({
    closeRows: z.int().min(1).exactOptional(),
    minAlarms: z.int().min(1).exactOptional(),
    report: z.enum(['closed', 'changes']).exactOptional(),
    keys,
  }),
  silence: z.strictObject({
    gaps: z.number().min(10).exactOptional(),
    warmupGaps: z.int().min(10).exactOptional(),
    keys,
  }),
  together: z.strictObject({
    slotMs: z.number().min(1).exactOptional(),
    slots: z.number().min(10).exactOptional(),
    warmupSlots: z.int().min(50).exactOptional(),
    warmupRows: z.int().min(0).exactOptional(),
    leastKeys: z.int().min(2).exactOptional(),
    closeSlots: z.int().min(1).exactOptional(),
    keys,
  }),
  evaluate: z.strictObject({
    horizons: z.array(z.int().min(1)).min(1).exactOptional(),
    levels: levels.exactOptional(),
    memory: z.string().min(1).exactOptional(),
    keys,
  }),
  'drop-filled': z.strictObject({}),
};

const outline = z.strictObject({
  name: z.string().min(1).max(200),
  about: z.string().exactOptional(),
  budget: z.strictObject({ stateBytes: bytes, keyBytes: bytes }).exactOptional(),
  stages: z.array(z.unknown()).min(1).max(100),
  alerts: z.unknown().exactOptional(),
});

/** The value as a pipeline, or a `SpecError` that names the field in `from`, what was expected, and what came. */
export function parseSpec(value: unknown, from = 'pipeline'): PipelineSpec {
  const found = outline.safeParse(value);
  if (!found.success) {
    throw new SpecError(`${from}: ${explain(issues(found.error), value, '', outline)}`);
  }
  found.data.stages.forEach((stage, i) => {
    const wrong = wrongStage(stage, `stages[${i}]`);
    if (wrong) throw new SpecError(`${from}: ${wrong}`);
  });
  const spec = found.data as PipelineSpec;
  const wrong = wrongOrder(spec);
  if (wrong) throw new SpecError(`${from}: ${wrong}`);
  const doubled = doubledIds(spec);
  if (doubled) throw new SpecError(`${from}: ${doubled}`);
  if (spec.alerts !== undefined) parseAlerts(spec.alerts, `${from}: alerts`);
  return spec;
}

/** The pipeline that a spec describes. */
export function pipelineOf(spec: PipelineSpec): Pipeline<Result> {
  // Scores go by the name of the memory they are of, unless they were given another.
  const memory = spec.stages.find((stage) => 'remember' in stage)?.remember.memory;
  const made = spec.stages.reduce<Pipeline>(
    (made, stage, i) => {
      const [[name, settings]] = Object.entries(stage) as [StageName, object][];
      const full = name === 'evaluate' ? { memory, ...settings } : settings;
      try {
        return made.through((stages[name] as (options: object) => AnyStage)(full));
      } catch (error) {
        // What only the operator knows, it says itself: `detect.warmupRows: expected …`.
        throw error instanceof RangeError ? new SpecError(`${spec.name}: stages[${i}].${error.message}`) : error;
      }
    },
    pipeline(spec.name).within(spec.budget ?? {}) as Pipeline,
  ) as Pipeline<Result>;
  return spec.alerts === undefined ? made : withAlerts(made, spec.alerts);
}

function wrongStage(stage: unknown, path: string): string | undefined {
  const names = typeof stage === 'object' && stage !== null && !Array.isArray(stage) ? Object.keys(stage) : [];
  if (names.length !== 1) {
    return `${path}: expected one step with its options, such as {"normalize": {}}, got ${shown(stage)}`;
  }
  const [name] = names;
  if (!Object.hasOwn(options, name)) {
    return `${path}: expected one of ${stageNames.join(', ')}, got ${shown(name)}${hint(name, stageNames)}`;
  }
  const settings = (stage as Record<string, unknown>)[name];
  const schema = options[name as StageName];
  const found = schema.safeParse(settings);
  if (found.success)
    return name === 'challenge' ? wrongBranches(settings as ChallengeSpec, `${path}.challenge`) : undefined;
  return explain(issues(found.error), settings, `${path}.${name}`, schema);
}

/** What is wrong with the steps of one of the two. */
function wrongBranches(challenge: ChallengeSpec, path: string): string | undefined {
  for (const role of roles) {
    for (const [i, stage] of challenge[role].stages.entries()) {
      const at = `${path}.${role}.stages[${i}]`;
      const wrong = wrongStage(stage, at);
      if (wrong) return wrong;
      const [name] = Object.keys(stage);
      if (!promptNames.includes(name as PromptName)) {
        return `${at}: expected one of ${promptNames.join(', ')}, got ${shown(name)}: other steps stand before or behind challenge`;
      }
    }
  }
  return undefined;
}

/** Rows that `align` puts in have no place in the log, so they must not reach an output. */
function doubledIds({ stages }: PipelineSpec): string | undefined {
  const at = stages.findIndex((stage) => 'align' in stage);
  const options = (stages[at] as { align?: StageOptions<'align'> } | undefined)?.align;
  if (!options || options.fill === 'none' || options.maxGapRows === 0) return undefined;
  if (stages.slice(at).some((stage) => 'drop-filled' in stage)) return undefined;
  return (
    `stages[${at}].align: expected a step drop-filled after it: rows that it fills in have the offset of the row that ` +
    'showed the gap, so the ids (shard@offset) of results would not be unique. ' +
    'Add {"drop-filled": {}} as the last step, or set align.fill to "none"'
  );
}

const issues = (error: z.ZodError): readonly Issue[] => error.issues as unknown as readonly Issue[];
