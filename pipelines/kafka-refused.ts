import type { Delivery } from '../connectors/alerts/sink.js';
import type { Outgoing } from '../connectors/kafka/record.js';
import { faultHeaders } from './kafka-letter.js';

/** The receiver that refused, and where its dead letters go. */
export interface RefusedBy {
  readonly sink: string;
  readonly topic: string;
  readonly partition: number;
  /** Who writes: the group. */
  readonly app: string;
}

/**
 * What a receiver will never take, as dead letters: one per alert, as a delivery may be larger than a record, and most often
 * that is why it was refused. Headers say where the alert began, why it was refused, and in which delivery.
 */
export function refusedLetters(delivery: Delivery, error: string, by: RefusedBy): Outgoing[] {
  return delivery.alerts.map((alert) => ({
    topic: by.topic,
    partition: by.partition,
    key: Buffer.from(alert.id),
    value: Buffer.from(JSON.stringify(alert)),
    headers: {
      ...faultHeaders({
        ...{ topic: alert.source.topic, partition: alert.source.partition, offset: alert.source.offset },
        ...{ timeMs: alert.timeMs, app: by.app },
        ...{ stage: `alerts.${by.sink}`, kind: 'alert-refused', message: error },
      }),
      'engram-delivery': delivery.id,
      'engram-id': `${alert.id}-${alert.revision}-${by.sink}-${delivery.id}`,
    },
  }));
}
