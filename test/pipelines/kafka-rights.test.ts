import { readFileSync } from 'node:fs';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../connectors/kafka/secret.js';
import type { WorkerEvent } from '../../pipelines/kafka-options.js';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { Receiver } from '../connectors/alerts/server.js';
import { Cluster, freePorts } from '../kafka/broker.js';
import { drained, produce, readAll, watchful } from '../kafka/harness.js';
import { clientOf, createTopic, withBroker } from '../kafka/with-broker.js';

const page = readFileSync(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');
const resources = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
};
const operations = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

/** A right as OPERATIONS lists it. */
interface Right {
  readonly resource: keyof typeof resources;
  readonly prefixed: boolean;
  readonly name: string;
  readonly operation: keyof typeof operations;
}

type Lack = Pick<Right, 'name' | 'operation'>;

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

const documented: Right[] = [
  ...page.matchAll(/^\| (topic|group|transactional id)(, prefixed)? \| ([^|]+) \| ([^|]+) \|/gm),
].flatMap(([, resource, prefixed, names, rights]) =>
  quoted(names).flatMap((name) =>
    quoted(rights).map((operation) => ({ resource, prefixed: prefixed !== undefined, name, operation }) as Right),
  ),
);

/** Which right is left out, what the run must say then, and what is allowed instead. */
const lacking: readonly (readonly [user: string, Lack, why: string, instead?: Right['operation']])[] = [
  ['u1', { name: '<input>', operation: 'Read' }, 'there is no topic "in-u1"'],
  [
    'u2',
    { name: '<input>.dlq', operation: 'Create' },
    'refuses Create (or Describe, if it is there) on topic in-u2.dlq',
  ],
  ['u3', { name: '<input>.forecasts', operation: 'Write' }, 'refuses Write on topic in-u3.', 'Describe'],
  ['u4', { name: '<state topic>', operation: 'DescribeConfigs' }, 'refuses DescribeConfigs on topic state-u4'],
  ['u5', { name: '<state topic>', operation: 'Read' }, 'refuses Read on topic state-u5'],
  ['u6', { name: '<input>.alerts.queue.<group>', operation: 'Read' }, 'refuses Read on topic in-u6.alerts.queue.g-u6'],
  ['u7', { name: '<group>', operation: 'Read' }, 'refuses Read on group g-u7'],
  ['u8', { name: '<group>', operation: 'Write' }, 'refuses Write on transactional id g-u8'],
  [
    'u9',
    { name: '<state topic>', operation: 'Create' },
    'refuses Create (or Describe, if it is there) on topic state-u9',
  ],
];

withBroker(
  'an authorizer on a real broker',
  () => {
    let cluster: Cluster;
    let hook: Receiver;
    let address: string;

    beforeAll(async () => {
      const [port] = await freePorts(1);
      address = `127.0.0.1:${port}`;
      const users = ['all', 'blind', ...lacking.map(([user]) => user)].map((user) => `user_${user}="secret-${user}"`);
      cluster = await Cluster.start({
        properties: {
          ...{ 'listener.secured': address, 'listener.secured.protocol': 'SASL_PLAINTEXT' },
          'listener.name.secured.sasl.enabled.mechanisms': 'PLAIN',
          'listener.name.secured.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(' ')};`,
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:ANONYMOUS',
        },
      });
      hook = await Receiver.start();
      process.env.KAFKA_RIGHTS_KEY = 'key';
    }, 180_000);
    afterAll(async () => {
      await cluster?.stop();
      await hook?.close();
      delete process.env.KAFKA_RIGHTS_KEY;
    });

    /** Allows a user all that is documented but for one right; then its topic has records, and where all is allowed an alert. */
    async function prepared(user: string, without?: Lack, instead?: Right['operation']): Promise<void> {
      const [input, group, state] = [`in-${user}`, `g-${user}`, `state-${user}`];
      const spelt = (name: string): string =>
        name.replace('<input>', input).replace('<group>', group).replace('<state topic>', state);
      const plain = clientOf(cluster.addresses);
      await createTopic(plain, input);
      // What nobody has written to is not read.
      if (without?.operation === 'Read' && /state|queue/.test(without.name)) {
        for (const table of [state, `${input}.alerts.queue.${group}`]) {
          await createTopic(plain, table, 1, { 'cleanup.policy': 'compact' });
          await produce(plain, table, [{ key: 'of another', value: 'x' }]);
        }
      }
      const admin = plain.admin();
      await admin.connect();
      const principal = `User:${user}`;
      const acl = documented
        .flatMap((right) => {
          if (right.name !== without?.name || right.operation !== without.operation) return [right];
          return instead ? [{ ...right, operation: instead }] : [];
        })
        .map(({ resource, prefixed, name, operation }) => ({
          ...{ resourceType: resources[resource], resourceName: spelt(name) },
          resourcePatternType: prefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
          ...{ principal, host: '*', operation: operations[operation] },
          permissionType: AclPermissionTypes.ALLOW,
        }));
      await admin.createAcls({ acl });
      // The controller has them at once, the broker that is asked a little later.
      const known = async (): Promise<number> => {
        const { resources } = await admin.describeAcls({
          ...{ principal, resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY },
          ...{ operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY },
        });
        return resources.flatMap(({ acls }) => acls).length;
      };
      await expect.poll(known, { timeout: 30_000 }).toBe(acl.length);
      await admin.disconnect();
      const value = (n: number): number => (n === 300 ? 90_000 : 100 + 10 * (n % 24) + ((n * 7919) % 13) / 13);
      await produce(
        plain,
        input,
        Array.from({ length: user === 'all' ? 340 : 20 }, (_, n) => ({
          ...{ key: 'pump', value: n === 7 ? '{' : JSON.stringify({ at: n * 60_000, v: value(n) }) },
        })),
      );
    }

    async function begun(user: string): Promise<{ done: Promise<void>; stop: AbortController; events: WorkerEvent[] }> {
      const run = await parseKafkaRun({
        kafka: { brokers: [address] },
        ...{ input: `in-${user}`, group: `g-${user}`, pipeline: watchful, state: { topic: `state-${user}` } },
        decode: { values: ['v'], time: 'at', timeFormat: 'epoch-ms' },
        alerts: {
          rules: [{ name: 'any', minAbsolute: 300 }],
          routes: [{ waitMs: 0, intervalMs: 0 }],
          sinks: { ops: { webhook: { url: hook.url(), secret: { env: 'KAFKA_RIGHTS_KEY' }, allow: hook.allow } } },
        },
        ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
      });
      const login = { mechanism: 'plain', username: user, password: new Secret(`secret-${user}`) } as const;
      const stop = new AbortController();
      const events: WorkerEvent[] = [];
      const onEvent = (event: WorkerEvent): void => void events.push(event);
      const done = runKafka({ ...run, kafka: { ...run.kafka, login }, onEvent }, stop.signal);
      done.catch(() => {});
      return { done, stop, events };
    }

    const told = (events: readonly WorkerEvent[], type: WorkerEvent['type']): string[] =>
      events.flatMap((event) => (event.type === type && 'error' in event ? [event.error.message] : []));

    test('the rights that OPERATIONS lists are enough: results, dead letters, alerts, state on a topic and back', async () => {
      await prepared('all');
      const plain = clientOf(cluster.addresses);
      for (const turn of [0, 1]) {
        const { done, stop, events } = await begun('all');
        await drained(plain, 'g-all', 'in-all');
        await expect.poll(() => events.map(({ type }) => type), { timeout: 60_000 }).toContain('live');
        await expect.poll(() => hook.asked.length, { timeout: 60_000 }).toBeGreaterThan(0);
        stop.abort();
        await done;
        for (const type of ['dropped', 'reader-failed', 'checkpoint-failed', 'unknown-setting'] as const)
          expect(told(events, type)).toEqual([]);
        const how = turn === 0 ? /begins|never|new/ : /^checkpoint/;
        expect(events.find(({ type }) => type === 'restored')).toMatchObject({ how: expect.stringMatching(how) });
      }
      expect(await readAll(plain, 'in-all.forecasts', 339)).toHaveLength(339);
      expect(await readAll(plain, 'in-all.dlq', 1)).toHaveLength(1);
      expect((await readAll(plain, 'in-all.alerts', 1)).length).toBeGreaterThan(0);
    }, 120_000);

    test('with one right less the run ends, and says which and on what', async () => {
      const ended = await Promise.all(
        lacking.map(async ([user, without, , instead]) => {
          await prepared(user, without, instead);
          const { done, stop } = await begun(user);
          const timer = setTimeout(() => stop.abort(), 60_000);
          const why = await done.then(
            () => 'it went on',
            (error: Error) => error.message,
          );
          clearTimeout(timer);
          return why;
        }),
      );
      expect(ended).toEqual(lacking.map(([, , why]) => expect.stringContaining(why)));
    }, 120_000);

    test('a setting of the input that may not be read is said, and no more', async () => {
      await prepared('blind', { name: '<input>', operation: 'DescribeConfigs' });
      const { done, stop, events } = await begun('blind');
      await drained(clientOf(cluster.addresses), 'g-blind', 'in-blind');
      stop.abort();
      await done;
      expect(told(events, 'unknown-setting')).toEqual(
        Array(2).fill(expect.stringContaining('refuses DescribeConfigs on topic in-blind')),
      );
    }, 120_000);
  },
  { ownBroker: true },
);
