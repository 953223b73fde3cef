import { hint } from '../connectors/nearest.js';
import { shipped } from '../pipelines/shipped.js';
import { pipelineOf } from '../pipelines/spec.js';
import type { PipelineSpec } from '../pipelines/stages.js';
import { UsageError } from './failure.js';

/** Lists the shipped pipelines with the settings of their steps, or gives one as JSON to start an own one from. */
export function showPipelines(name: string | undefined): string {
  if (name === undefined) return Object.values(shipped).map(listed).join('\n');
  if (Object.hasOwn(shipped, name)) return asJson(shipped[name]);
  const names = Object.keys(shipped);
  throw new UsageError(
    `pipelines: expected one of ${names.join(', ')}, got ${JSON.stringify(name)}${hint(name, names)}`,
  );
}

/** Every step with all its settings, those that the pipeline leaves as they are included. */
const stepsOf = (spec: PipelineSpec): [string, object][] =>
  pipelineOf(spec).stages.map(({ id, settings }, i) => {
    const written = spec.stages[i] as unknown as Record<string, object>;
    // What follows from another step stays unsaid, so that changing that one is enough.
    const implied = id === 'evaluate' && !('memory' in written.evaluate) ? { memory: undefined } : {};
    return [id, { ...(settings as object), ...implied }];
  });

function listed(spec: PipelineSpec): string {
  const steps = stepsOf(spec);
  const width = Math.max(...steps.map(([step]) => step.length));
  const lines = steps.map(([step, settings]) => `  ${step.padEnd(width)}  ${settingsLine(settings)}`.trimEnd());
  return `${spec.name}: ${spec.about ?? ''}\n${lines.join('\n')}\n`;
}

function settingsLine(settings: object): string {
  const shown = (value: unknown): string =>
    Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${shown(value)}`)
    .join(', ');
}

/** JSON with one step a line. */
function asJson(spec: PipelineSpec): string {
  const steps = stepsOf(spec).map(([step, settings]) => `    ${inline({ [step]: settings })}`);
  const head = `{\n  "name": ${JSON.stringify(spec.name)},\n  "about": ${JSON.stringify(spec.about ?? '')},\n`;
  return `${head}  "stages": [\n${steps.join(',\n')}\n  ]\n}\n`;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}: ${inline(field)}`).join(', ')}}`;
}
