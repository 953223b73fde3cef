import type { KafkaAdmin } from '../connectors/kafka/admin.js';
import { hint } from '../connectors/nearest.js';
import type { KafkaOutputs } from './kafka-output.js';

export interface TopicOptions {
  readonly input: string;
  readonly outputs: KafkaOutputs<never>;
  /** Settings of output topics that are made. */
  readonly outputConfig?: Readonly<Record<string, string>>;
  onEvent?(event: UnknownSetting): void;
}

/** A setting of a topic that the cluster did not tell, and what is taken for it. */
export interface UnknownSetting {
  readonly type: 'unknown-setting';
  readonly topic: string;
  readonly setting: string;
  readonly taken: string;
  readonly error: Error;
}

/** Looks at the topics before anything is read, makes those of the outputs, and gives the number of partitions. */
export async function prepareTopics(
  admin: Pick<KafkaAdmin, 'partitions' | 'topics' | 'setting' | 'ensure'>,
  options: TopicOptions,
): Promise<number> {
  const { input, outputs, outputConfig = {} } = options;
  const settingOf = (setting: string, taken: string): Promise<string> =>
    admin.setting(input, setting).then(
      (value) => value ?? taken,
      (error: Error) => {
        options.onEvent?.({ type: 'unknown-setting', topic: input, setting, taken, error });
        return taken;
      },
    );
  const partitions = (await admin.partitions([input])).get(input);
  if (!partitions) {
    throw new Error(
      `input: there is no topic "${input}"${hint(input, await admin.topics())}: create it, correct the name, or allow the user to Describe it`,
    );
  }
  const policy = await settingOf('cleanup.policy', 'delete');
  if (policy.includes('compact')) {
    throw new Error(
      `input: topic ${input} has cleanup.policy=${policy}: records vanish from a compacted log, so memories could not be ` +
        'rebuilt from it. Use a topic with cleanup.policy=delete',
    );
  }
  const alerts = outputs.alerts?.topic;
  const topics = [outputs.results?.topic, outputs.anomalies?.topic, outputs.rejects?.topic, alerts].filter(
    (topic) => topic !== undefined,
  );
  if (topics.includes(input)) {
    throw new Error(`outputs: expected other topics than the input, got ${input}: the worker would feed itself`);
  }
  // Dead letters are an input record and some headers: they must fit where they are to go.
  const room = Number(await settingOf('max.message.bytes', '1048588'));
  const config = { 'max.message.bytes': String(room + 65_536), ...outputConfig };
  // Of an alert the newest change is what counts.
  const compacted = { ...config, 'cleanup.policy': 'compact' };
  await admin.ensure(topics.map((topic) => ({ topic, partitions, config: topic === alerts ? compacted : config })));
  for (const [topic, count] of await admin.partitions(topics)) {
    if (count < partitions) {
      throw new Error(
        `outputs: expected topic ${topic} to have as many partitions as ${input} (${partitions}), it has ${count}: ` +
          'add partitions, or name another topic',
      );
    }
  }
  return partitions;
}

/** Exactly once needs brokers of Kafka 4.0, unless somebody has taken the risk. */
export function refuseOldBrokers(
  recent: boolean,
  {
    mode = 'exactly-once',
    oldBrokers = 'refuse',
  }: { readonly mode?: string; readonly oldBrokers?: 'refuse' | 'allow' },
): void {
  if (recent || mode !== 'exactly-once' || oldBrokers === 'allow') return;
  throw new Error(
    'mode exactly-once: expected brokers of Kafka 4.0 or later, these are older: in rare failures their transactions can be ' +
      'torn. Upgrade them, or set oldBrokers to allow, or mode to effectively-once',
  );
}
