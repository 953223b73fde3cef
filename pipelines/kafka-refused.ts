import type { Delivery } from '../connectors/alerts/sink.js';
import type { Outgoing } from '../connectors/kafka/record.js';

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
      'x-error-topic': alert.source.topic,
      'x-error-partition': String(alert.source.partition),
      'x-error-offset': String(alert.source.offset),
      'x-error-timestamp': String(alert.timeMs),
      'x-error-stage': `alerts.${by.sink}`,
      'x-error-class': 'alert-refused',
      'x-error-message': error.slice(0, 1000),
      'x-error-app': by.app,
      'engram-delivery': delivery.id,
      'engram-id': `${alert.id}-${alert.revision}-${by.sink}-${delivery.id}`,
    },
  }));
}
