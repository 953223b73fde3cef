/** What went wrong, and where in the input. */
export interface Fault {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Time of the record in milliseconds, where it is known. */
  readonly timeMs: number | undefined;
  readonly stage: string;
  readonly kind: string;
  readonly message: string;
  /** Who writes: the group. */
  readonly app: string;
}

/** The headers by which every dead letter says so. */
export const faultHeaders = ({ topic, partition, offset, timeMs, stage, kind, message, app }: Fault) => ({
  'x-error-topic': topic,
  'x-error-partition': String(partition),
  'x-error-offset': String(offset),
  'x-error-timestamp': String(timeMs ?? ''),
  'x-error-stage': stage,
  'x-error-class': kind,
  'x-error-message': message.slice(0, 1000),
  'x-error-app': app,
});
