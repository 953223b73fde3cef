import { type KafkaOptions, kafkaClient } from '../kafka/client.js';
import { type AlertSink, TryAgain } from './sink.js';

export interface KafkaAlertOptions {
  readonly kafka: KafkaOptions;
  /** Best with `cleanup.policy=compact`: the newest change of every alert stays. */
  readonly topic: string;
}

/** Records that are sent at once: below what brokers take. */
const batchAlerts = 200;

/** Every change as a record keyed by the alert's id, in order; `engram-id` says which change it is. */
export function kafkaAlertSink({ kafka, topic }: KafkaAlertOptions): AlertSink {
  const producer = kafkaClient(kafka).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  let connected = false;
  return {
    manner: 'each',
    async send({ alerts }) {
      try {
        if (!connected) await producer.connect();
        connected = true;
        for (let at = 0; at < alerts.length; at += batchAlerts) {
          const messages = alerts.slice(at, at + batchAlerts).map((alert) => ({
            key: alert.id,
            value: JSON.stringify(alert),
            headers: { 'engram-id': `${alert.id}-${alert.revision}` },
          }));
          await producer.send({ topic, acks: -1, messages });
        }
      } catch (error) {
        const { type, name } = error as { type?: string; name?: string };
        throw new TryAgain(`topic ${topic}: the alerts were not taken (${type ?? name ?? 'no answer'})`);
      }
    },
    async close() {
      await producer.disconnect().catch(() => {});
    },
  };
}
