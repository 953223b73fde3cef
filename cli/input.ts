import { isKafkaUrl, type KafkaAddress, parseKafkaUrl, redacted } from '../connectors/kafka/address.js';
import type { Source } from '../connectors/source.js';
import type { Result } from '../event.js';
import { loadPipeline } from '../pipelines/load.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import { alarmBudgetOf } from './alarm-budget.js';
import { budgetOf } from './budget.js';
import { described } from './described.js';
import { UsageError } from './failure.js';
import type { Io } from './io.js';
import type { ReplayOptions } from './replay.js';
import { sourceOf } from './source.js';

/** What a cluster is asked with: from the file of `--run`, for input and outputs. */
export type { KafkaInput as ClusterSettings } from '../pipelines/kafka-spec.js';

/** What is replayed, and how. */
export interface ReplayInput {
  readonly source: Source;
  readonly pipeline: Pipeline<Result>;
  /** As it is shown, without anything secret. */
  readonly shown: string;
  /** The topic, where the input is one. */
  readonly address?: KafkaAddress;
  /** What `--run` says of the cluster, for outputs too. */
  readonly settings?: Partial<KafkaInput>;
}

type KafkaInput = import('../pipelines/kafka-spec.js').KafkaInput;

/** Settles what is read, from the input's name, the options and the file of `--run`; reads nothing of it yet. */
export async function inputOf(input: string, options: ReplayOptions, io: Io): Promise<ReplayInput> {
  refuseIdle(options);
  if (isKafkaUrl(input)) return topicInput(input, options);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(input)) {
    throw new UsageError(
      `expected a file, - for standard input, or kafka://host:port/topic, got ${redacted(input)}: no other address can be read`,
    );
  }
  const overrides = overridesOf(options);
  const settings = options.run === undefined ? undefined : await settingsOf(options.run, { values: ['-'] });
  if (settings && !(options.out ?? []).some(({ format }) => format === 'kafka')) {
    throw new UsageError(
      '--run: says how Kafka is talked to, but neither the input nor an --out is a topic: leave it out',
    );
  }
  const pipeline = await loadPipeline(options.pipeline ?? defaultPipeline(options), {
    ...overrides,
    ...budgetOf(options),
  });
  return { source: sourceOf(input, options, io), pipeline, shown: input, ...(settings ? { settings } : {}) };
}

/** What is run where no pipeline is named. */
const defaultPipeline = ({ category }: ReplayOptions): string =>
  category === undefined ? 'sensor-anomaly' : 'word-sequence';

/** Options that would do nothing: whoever gives them expects something of them. */
function refuseIdle({ state, fresh, checkpointRows, step, timeFormat, zone, out = [] }: ReplayOptions): void {
  const idle = (option: string, why: string): never => {
    throw new UsageError(`${option}: has no effect ${why}`);
  };
  const topics = out.some(({ format }) => format === 'kafka');
  if (fresh && state === undefined && !topics) {
    idle('--fresh', 'without --state, where nothing is kept that could be begun again: leave it out, or name a folder');
  }
  if (checkpointRows !== undefined && state === undefined) {
    idle('--checkpoint-rows', 'without --state, because no checkpoints are written: leave it out, or name a folder');
  }
  if (step === undefined) return;
  if (timeFormat !== undefined)
    idle('--time-format', 'with --step, which says that the log has no times: give one of them');
  if (zone !== undefined) idle('--zone', 'with --step, which says that the log has no times: give one of them');
}

async function topicInput(input: string, options: ReplayOptions): Promise<ReplayInput> {
  const address = parseKafkaUrl(input);
  const { step, run } = options;
  if (step !== undefined) {
    throw new UsageError('--step: has no effect on a topic, whose records all have a time: leave it out');
  }
  const settings = await settingsOf(run, decodeOf(options));
  const overrides = overridesOf(options);
  const { from, to, brokers, topic } = address;
  const { pipeline: own } = settings;
  const named = options.pipeline ?? own ?? defaultPipeline(options);
  if (typeof named !== 'string' && Object.keys(overrides).length > 0) {
    const [given] = Object.keys(overrides);
    throw new UsageError(
      `--${given === 'alarmBudget' ? 'budget' : given}: expected it in ${run}, where the pipeline is written out: change it there, or name a --pipeline`,
    );
  }
  const { budget } = budgetOf(options);
  const pipeline =
    typeof named === 'string'
      ? await loadPipeline(named, { ...overrides, ...budgetOf(options) })
      : budget
        ? named.within(budget)
        : named;
  // Loaded here only: files need no client.
  const { KafkaSource } = await import('../connectors/kafka/source.js');
  const source = new KafkaSource({
    kafka: { ...settings.kafka, brokers },
    topic,
    codec: settings.codec,
    mapping: settings.mapping,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  return { source, pipeline, shown: input, address, settings };
}

/** Fields of `decode` that options name; they go before those of the file. */
function decodeOf({ values, category: categories, time, key, format, timeFormat, zone }: ReplayOptions): object {
  if (timeFormat === 'auto') {
    throw new UsageError(
      '--time-format: expected iso, epoch-s, epoch-ms, dmy or mdy for a topic, got auto: no first row decides',
    );
  }
  return Object.fromEntries(
    Object.entries({ values, categories, time, key, format, timeFormat, zone }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

async function settingsOf(run: string | undefined, decode: object): Promise<KafkaInput> {
  const { parseKafkaInput } = await import('../pipelines/kafka-spec.js');
  const value = run === undefined ? {} : await described(run);
  if (typeof value !== 'object' || value === null)
    throw new UsageError(`${run}: expected an object, got ${typeof value}`);
  const file = value as { decode?: object };
  const merged = { ...file, decode: { ...file.decode, ...decode } };
  if (!('values' in merged.decode || 'categories' in merged.decode)) {
    throw new UsageError(
      '--values: expected the fields of a record to learn, comma between them, or decode.values in a file for --run',
    );
  }
  try {
    return await parseKafkaInput(merged, run ?? 'replay of a topic');
  } catch (error) {
    const advice = run === undefined ? '. Write it into a file for --run, as for engram run' : '';
    throw new UsageError(`${(error as Error).message}${advice}`, { cause: error });
  }
}

const overridesOf = ({ horizons, memory, weights, budget }: ReplayOptions) => ({
  ...(horizons ? { horizons } : {}),
  ...(memory === undefined ? {} : { memory }),
  ...(weights === undefined ? {} : { weights }),
  ...alarmBudgetOf({ budget }),
});
