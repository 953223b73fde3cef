import { Observable, type OperatorFunction } from 'rxjs';
import type { Anomaly, Batch, Event, Reject } from '../event.js';
import { Lane } from './lane.js';
import type { Pipeline } from './pipeline.js';

export interface OnEventsOptions {
  /** Names of the channels, in the order of `Event.values`. */
  readonly channels: readonly string[];
  /** Those of them that are of words (`Event.words`). */
  readonly categories?: readonly string[];
  /** Name of the log in ids of anomalies and in rejects. */
  readonly shard?: string;
  /** Told of every row that a step refused; without it a refused row is an error of the stream. */
  readonly onReject?: (reject: Reject) => void;
  /** Told of every anomaly that opened or closed. */
  readonly onAnomaly?: (anomaly: Anomaly) => void;
}

/**
 * A pipeline as a plain RxJS operator: `events$.pipe(onEvents(pipeline('x').through(…), { channels: ['flow'] }))`. Every
 * subscription begins with an empty memory; what must survive the process is run with `run` and a store instead.
 */
export function onEvents<B>(pipeline: Pipeline<B>, options: OnEventsOptions): OperatorFunction<Event, B> {
  const { channels, categories = [], shard = 'events', onReject, onAnomaly } = options;
  return (source) =>
    new Observable((subscriber) => {
      const lane = new Lane<B>(pipeline.stages, { name: shard, channels, categories }, undefined, pipeline.budget);
      let next = 0;
      const push = (batch: Pick<Batch<Event>, 'rows' | 'ends'>): void => {
        const made = lane.push({ shard, rejects: [], next, ...batch });
        for (const row of made.rows) subscriber.next(row);
        for (const anomaly of made.anomalies ?? []) onAnomaly?.(anomaly);
        for (const reject of made.rejects) {
          if (!onReject)
            throw new Error(`${reject.stage} refused the row at offset ${reject.offset}: ${reject.message}`);
          onReject(reject);
        }
      };
      const guarded = (work: () => void): void => {
        try {
          work();
        } catch (error) {
          subscriber.error(error);
        }
      };
      const subscription = source.subscribe({
        next: (event) =>
          guarded(() => {
            next = event.offset + 1;
            push({ rows: [event] });
          }),
        error: (error) => subscriber.error(error),
        complete: () =>
          guarded(() => {
            push({ rows: [], ends: true });
            subscriber.complete();
          }),
      });
      return () => {
        subscription.unsubscribe();
        lane.close();
      };
    });
}
