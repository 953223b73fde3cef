import { join } from 'node:path';
import { openAlerts } from './alert-open.js';
import { AlertTally } from './alert-tally.js';
import type { StatePlace } from './kafka-run.js';
import type { Pipeline } from './pipeline.js';
import type { AlertOutput } from './run.js';
import { SpecError } from './spec-error.js';

/** What a run on Kafka does with its alerts, besides writing them to a topic. */
export interface KafkaAlerts {
  readonly output: AlertOutput;
  metrics(): string;
  close(): Promise<void>;
}

/** Opens the queues of a pipeline's alerts; undefined where it makes none. `onLog` is told what people should look at. */
export async function alertsOf(
  { alerts: spec }: Pick<Pipeline, 'alerts'>,
  state: StatePlace,
  onLog: (event: object) => void,
): Promise<KafkaAlerts | undefined> {
  if (!spec) return undefined;
  const tally = new AlertTally();
  const home = 'folder' in state ? join(state.folder, 'alerts') : undefined;
  if (spec.folder === undefined && home === undefined && Object.keys(spec.sinks ?? {}).length > 0) {
    throw new SpecError(
      'alerts.folder: expected a folder for the queues of the sinks, as the state lies in a topic, it is missing',
    );
  }
  if (Object.keys(spec.sinks ?? {}).length === 0) {
    return { output: counting(tally), metrics: () => tally.text(undefined), close: () => Promise.resolve() };
  }
  const { feed, refresh } = await openAlerts(spec, {
    folder: home ?? '',
    onEvent(event) {
      tally.see(event);
      if (event.type !== 'alert' && event.type !== 'alert-delivered') onLog(event);
    },
    onSilencesFile: (error) => onLog({ type: 'silences-failed', error: error.message }),
  });
  return {
    output: {
      name: feed.name,
      open: (mark) => feed.open(mark),
      write: (alerts) => feed.write(alerts),
      async advance(eventMs) {
        await refresh();
        await feed.advance(eventMs);
      },
      flush: () => feed.flush(),
      close: (complete) => feed.close(complete),
    },
    metrics: () => tally.text(feed),
    close: () => feed.close(false),
  };
}

/** Where no sink is named the topic is all there is, and the counts. */
function counting(tally: AlertTally): AlertOutput {
  return {
    name: 'alerts',
    open: () => Promise.resolve(),
    async write(alerts) {
      for (const alert of alerts) tally.see({ type: 'alert', alert });
    },
    flush: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}
