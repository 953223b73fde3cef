import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseJson } from '../connectors/json-text.js';
import { hint } from '../connectors/nearest.js';
import type { Result } from '../event.js';
import type { AlarmBudget } from '../operators/budget.js';
import type { Budget } from './budget.js';
import type { Pipeline } from './pipeline.js';
import { shipped } from './shipped.js';
import { parseSpec, pipelineOf } from './spec.js';
import { SpecError } from './spec-error.js';
import type { PipelineSpec } from './stages.js';
import { readWeights, withWeights } from './weights.js';

/** What a run may set otherwise than the pipeline says. */
export interface Overrides {
  readonly horizons?: readonly number[];
  readonly memory?: string;
  /** `own`, `shared`, or the path of a checkpoint to begin from. */
  readonly weights?: string;
  readonly budget?: Budget;
  /** How many false alarms every `detect` may make. */
  readonly alarmBudget?: AlarmBudget;
}

const modules = ['.js', '.mjs', '.ts', '.mts'];

/** The pipeline of a shipped name, a JSON file, or a module whose default export is a pipeline or its JSON. */
export async function loadPipeline(nameOrFile: string, overrides: Overrides = {}): Promise<Pipeline<Result>> {
  const value = await described(nameOrFile);
  if (!isPipeline(value)) return built(value, nameOrFile, overrides);
  const { budget, ...rest } = overrides;
  const [given] = Object.keys(rest);
  if (given === undefined) return budget ? value.within(budget) : value;
  throw new SpecError(
    `${nameOrFile}: expected ${given === 'alarmBudget' ? 'the budget of detect' : given} to be set in the module, got it as an option: a pipeline made by code is run as it is`,
  );
}

/** What a shipped name or a file stands for. */
async function described(nameOrFile: string): Promise<unknown> {
  if (Object.hasOwn(shipped, nameOrFile)) return shipped[nameOrFile];
  const ending = extname(nameOrFile).toLowerCase();
  if (ending === '.json') return await readJson(nameOrFile);
  if (modules.includes(ending)) return await importDefault(nameOrFile);
  const names = Object.keys(shipped);
  throw new SpecError(
    `pipeline: expected one of ${names.join(', ')}, or a file that ends with .json, .js, .mjs or .ts, ` +
      `got ${JSON.stringify(nameOrFile)}${hint(nameOrFile, names)}`,
  );
}

/** The pipeline of a shipped name, a JSON file, or a module whose default export is its JSON, as JSON. */
export async function loadSpec(nameOrFile: string, overrides: Overrides = {}): Promise<PipelineSpec> {
  const value = await described(nameOrFile);
  if (!isPipeline(value)) return specOf(value, nameOrFile, overrides);
  throw new SpecError(
    `${nameOrFile}: expected a pipeline as JSON, which can be compared step by step, got one made by code`,
  );
}

const built = async (value: unknown, from: string, overrides: Overrides): Promise<Pipeline<Result>> =>
  pipelineOf(await specOf(value, from, overrides));

async function specOf(value: unknown, from: string, { weights, ...overrides }: Overrides): Promise<PipelineSpec> {
  const read = weights === undefined || ['own', 'shared'].includes(weights) ? weights : await readWeights(weights);
  const given = { ...overrides, ...(read === undefined ? {} : { weights: read }) };
  return withOverrides(parseSpec(await withWeights(value), from), given, from);
}

function withOverrides(
  spec: PipelineSpec,
  overrides: Omit<Overrides, 'weights'> & { readonly weights?: unknown },
  from: string,
): PipelineSpec {
  if (Object.keys(overrides).length === 0) return spec;
  const { budget, alarmBudget, ...memory } = overrides;
  if (overrides.memory !== undefined && spec.stages.some((stage) => 'challenge' in stage)) {
    throw new SpecError(`${from}: expected each side of challenge to name its memory, got memory as an option`);
  }
  const overridden = <S extends object>(stage: S): S => {
    if ('remember' in stage) return { ...stage, remember: { ...(stage.remember as object), ...memory } };
    if (alarmBudget === undefined) return stage;
    if ('htm-detect' in stage) {
      throw new SpecError(
        `${from}: expected a step detect for a budget of alarms, found htm-detect, whose alarms are those of its likelihood: leave out the budget`,
      );
    }
    if (!('detect' in stage)) return stage;
    return { ...stage, detect: { ...(stage.detect as object), budget: alarmBudget } };
  };
  const stages = spec.stages.map((stage) => {
    if (!('challenge' in stage)) return overridden(stage);
    const [champion, challenger] = [stage.challenge.champion, stage.challenge.challenger].map((side) => ({
      ...side,
      stages: side.stages.map(overridden),
    }));
    return { challenge: { ...stage.challenge, champion, challenger } };
  });
  return parseSpec({ ...spec, stages, ...(budget ? { budget: { ...spec.budget, ...budget } } : {}) }, from);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SpecError(
      error.code === 'ENOENT'
        ? `${path}: there is no such file: give the name of a shipped pipeline (engram pipelines lists them) or a file`
        : `${path}: cannot be read: ${error.message}`,
    );
  });
  try {
    return parseJson(text);
  } catch (error) {
    throw new SpecError(`${path}: expected JSON: ${(error as Error).message}`);
  }
}

async function importDefault(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(resolve(path)).href).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new SpecError(
        `${path}: Node ${process.versions.node} cannot import TypeScript: compile it to .js, or use Node 22.18 or newer`,
      );
    }
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(resolve(path))) {
      throw new SpecError(`${path}: there is no such file`);
    }
    throw new SpecError(`${path}: cannot be imported: ${error.message}`);
  })) as { default?: unknown };
  if (module.default === undefined) {
    throw new SpecError(
      `${path}: expected a default export that is a pipeline or its JSON, there is no default export`,
    );
  }
  return module.default;
}

/** True for what `pipeline(…).through(…)` makes. */
function isPipeline(value: unknown): value is Pipeline<Result> {
  const { name, stages, through } = (value ?? {}) as Partial<Pipeline>;
  return typeof name === 'string' && Array.isArray(stages) && typeof through === 'function';
}
