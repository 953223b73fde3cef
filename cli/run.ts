import type { KafkaOptions } from '../connectors/kafka/client.js';
import type { Budget } from '../pipelines/budget.js';
import { SpecError } from '../pipelines/spec-error.js';
import { budgetOf } from './budget.js';
import { described } from './described.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';

/** The options of `engram run`, parsed. */
export interface RunFileOptions extends Budget {
  readonly quiet?: boolean;
}

/** Runs what a file describes on Kafka until Ctrl-C or SIGTERM: then it finishes, saves, and leaves the group. */
export async function runFile(file: string, { quiet = false, ...limits }: RunFileOptions, io: Io): Promise<number> {
  // Loaded here only: no other command needs the client.
  const [{ parseKafkaRun }, { runKafka }] = await Promise.all([
    import('../pipelines/kafka-spec.js'),
    import('../pipelines/kafka-run.js'),
  ]);
  const options = await parseKafkaRun(await described(file), file).catch((error: Error) => {
    throw error instanceof SpecError ? new UsageError(error.message) : error;
  });
  const stop = new AbortController();
  const off = io.onInterrupt(() => stop.abort());
  try {
    const onLog = (line: string): void => void (quiet || io.stderr.write(`${line}\n`));
    const pipeline = options.pipeline.within(budgetOf(limits).budget ?? {});
    await runKafka({ ...options, pipeline, onLog }, stop.signal).catch(async (error: Error) => {
      throw await unreachable(error, file, options.kafka);
    });
    return exitCodes.done;
  } finally {
    off();
  }
}

/** What the client says of a cluster that it cannot talk to names neither the cluster nor what to look at. */
async function unreachable(error: Error, file: string, kafka: KafkaOptions): Promise<Error> {
  const misfit = /^KafkaJS/.test(error.name)
    ? await (await import('../connectors/kafka/listener.js')).misfitOf(error, kafka)
    : undefined;
  if (
    misfit === undefined &&
    !/^KafkaJS(Connection|ConnectionClosed|SASLAuthentication|NumberOfRetriesExceeded|Broker)/.test(error.name)
  )
    return error;
  const advice =
    misfit === undefined ? `. Check kafka.brokers, kafka.tls and kafka.login in ${file}` : `; ${misfit}, in ${file}`;
  return new Error(`the cluster at ${kafka.brokers.join(',')} cannot be used: ${error.message}${advice}`, {
    cause: error,
  });
}
