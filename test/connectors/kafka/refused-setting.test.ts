import { expect, test } from 'vitest';
import { KafkaAdmin } from '../../../connectors/kafka/admin.js';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { namingSetting, RefusedSetting } from '../../../connectors/kafka/refused-setting.js';
import { TransactionalWriter } from '../../../connectors/kafka/writer.js';
import { withBroker } from '../../kafka/with-broker.js';

const refusedBy = (type: string): Error =>
  new Error('outer', { cause: Object.assign(new Error('words of the client'), { type }) });

test('a limit that may not be seen is told by its name, a value that is left out by its preset', async () => {
  const blind = (): Promise<undefined> => Promise.reject(new Error('Not authorized'));
  const error = (await namingSetting(refusedBy('INVALID_SESSION_TIMEOUT'), {}, blind)) as Error;
  expect(error).toBeInstanceOf(RefusedSetting);
  expect(error.message).toBe(
    'sessionTimeoutMs: expected at least group.min.session.timeout.ms of the brokers and at most ' +
      'group.max.session.timeout.ms of the brokers, got 30000: set it within that, or change it at the brokers',
  );
});

test('any other error is left as it is', async () => {
  const other = refusedBy('NOT_COORDINATOR_FOR_GROUP');
  expect(await namingSetting(other, {}, async () => '1')).toBe(other);
});

withBroker('settings that a broker does not take', ({ addresses, unique }) => {
  test('what it says of a transaction that may last too long is told with its own limit', async () => {
    const kafka = kafkaClient({ brokers: addresses() });
    const admin = new KafkaAdmin(kafka);
    const limit = Number(await admin.brokerSetting('transaction.max.timeout.ms'));
    expect(limit).toBeGreaterThan(0);
    expect(await admin.brokerSetting('no.such.setting')).toBeUndefined();
    const transactionTimeoutMs = limit + 1;
    const error = await TransactionalWriter.open(kafka, unique('writer'), { transactionTimeoutMs }).then(
      (writer) => writer.close(),
      (error: Error) => error,
    );
    const named = await namingSetting(error, { transactionTimeoutMs }, (name) => admin.brokerSetting(name));
    expect((named as Error).message).toBe(
      `transactionTimeoutMs: expected at most ${limit} (transaction.max.timeout.ms of the brokers), got ${limit + 1}: ` +
        'set it within that, or change it at the brokers',
    );
    await admin.close();
  });
});
