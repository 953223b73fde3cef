import type { KafkaOptions } from '../connectors/kafka/client.js';
import { misfitOf } from '../connectors/kafka/listener.js';
import { isKafka4 } from '../connectors/kafka/version.js';
import type { WorkerEvent } from './kafka-options.js';
import { wallClock } from './pace.js';

const backoffMs = { first: 100, most: 5000 };

/**
 * Waits until a broker answers, and says whether it is of Kafka 4.0 or later; undefined when it was told to stop meanwhile.
 * One event when it has to wait, one when it need not any more.
 */
export async function awaitCluster(
  kafka: KafkaOptions,
  stop: AbortSignal,
  onEvent: (event: Extract<WorkerEvent, { type: 'unreachable' | 'reachable' }>) => void,
  patienceMs = 30_000,
): Promise<boolean | undefined> {
  const began = performance.now();
  for (let attempts = 1, waitMs = backoffMs.first; !stop.aborted; attempts++) {
    try {
      const recent = await isKafka4(kafka, stop);
      const ms = performance.now() - began;
      if (attempts > 1) onEvent({ type: 'reachable', attempts, ms });
      return recent;
    } catch (error) {
      if (stop.aborted) break;
      const misfit = await misfitOf(error, kafka, stop);
      if (stop.aborted) break;
      // Waiting does not help.
      if (misfit !== undefined) {
        const { message } = error as Error;
        throw new Error(`the cluster at ${kafka.brokers.join(',')} cannot be used: ${message}; ${misfit}`, {
          cause: error,
        });
      }
      if (attempts === 1) onEvent({ type: 'unreachable', error: error as Error });
      if (performance.now() - began > patienceMs) {
        throw new Error(
          `the cluster at ${kafka.brokers.join(',')} cannot be used: ${attempts} attempts in ${Math.round(patienceMs / 1000)} s: ` +
            `${(error as Error).message}. Check the network, kafka.brokers, kafka.tls and kafka.login`,
          { cause: error },
        );
      }
    }
    await wallClock.sleep(waitMs, stop);
    waitMs = Math.min(waitMs * 2, backoffMs.most);
  }
  return undefined;
}
