import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaLogin, type KafkaTls, kafkaClient } from '../../../connectors/kafka/client.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { runKafka } from '../../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../../pipelines/kafka-spec.js';
import { engram } from '../../cli/command.js';
import { Cluster, freePorts } from '../../kafka/broker.js';
import { drained, produce } from '../../kafka/harness.js';
import { clientOf, createTopic, withBroker } from '../../kafka/with-broker.js';

const run = promisify(execFile);
const password = 'canary-7f3a';
const jaas = 'org.apache.kafka.common.security';

/** An unsigned token, which Kafka's own test validator takes. */
function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: 'engram', iat: now, exp: now + 600 })}.`;
}

withBroker(
  'TLS and logins on a real broker',
  () => {
    let cluster: Cluster;
    let secured: string;
    let tls: KafkaTls;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'engram-tls-'));
      const store = join(folder, 'broker.p12');
      const keytool = (...args: string[]) =>
        run('keytool', [...args, '-keystore', store, '-storepass', 'changeit', '-alias', 'broker']);
      await keytool(
        '-genkeypair',
        '-keyalg',
        'RSA',
        '-validity',
        '3650',
        '-dname',
        'CN=localhost',
        '-ext',
        'SAN=IP:127.0.0.1,DNS:localhost',
        '-storetype',
        'PKCS12',
      );
      const { stdout } = await keytool('-exportcert', '-rfc');
      const ca = join(folder, 'ca.pem');
      await writeFile(ca, stdout);
      await writeFile(join(folder, 'log.csv'), 'timestamp,value\n2024-01-01T00:00:00Z,1\n');
      tls = { ca };
      const [port] = await freePorts(1);
      secured = `127.0.0.1:${port}`;
      const listener = 'listener.name.secured';
      cluster = await Cluster.start({
        properties: {
          'listener.secured': secured,
          [`${listener}.ssl.keystore.location`]: store,
          [`${listener}.ssl.keystore.password`]: 'changeit',
          [`${listener}.ssl.keystore.type`]: 'PKCS12',
          [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
          [`${listener}.plain.sasl.jaas.config`]: `${jaas}.plain.PlainLoginModule required username="broker" password="b" user_engram="${password}";`,
          [`${listener}.scram-sha-256.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
          [`${listener}.scram-sha-512.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
          [`${listener}.oauthbearer.sasl.jaas.config`]: `${jaas}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
        },
      });
      for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
        await cluster
          .tool(
            'org.apache.kafka.tools.ConfigCommand',
            ...[
              '--bootstrap-server',
              cluster.addresses[0],
              '--alter',
              '--entity-type',
              'users',
              '--entity-name',
              'engram',
            ],
            ...['--add-config', `${mechanism}=[iterations=4096,password=${password}]`],
          )
          .catch(() =>
            cluster.tool(
              'kafka.admin.ConfigCommand',
              ...[
                '--bootstrap-server',
                cluster.addresses[0],
                '--alter',
                '--entity-type',
                'users',
                '--entity-name',
                'engram',
              ],
              ...['--add-config', `${mechanism}=[iterations=4096,password=${password}]`],
            ),
          );
      }
    }, 180_000);
    afterAll(() => cluster?.stop());

    const topics = async (login: KafkaLogin | undefined, given: KafkaTls | false = tls): Promise<unknown> => {
      const lines: string[] = [];
      const kafka = kafkaClient({
        brokers: [secured],
        ...(given ? { tls: given } : {}),
        ...(login ? { login } : {}),
        connectTimeoutMs: 3000,
        onLog: (_, line) => lines.push(line),
      });
      const admin = kafka.admin({ retry: { retries: 0 } });
      try {
        await admin.connect();
        return await admin.listTopics();
      } catch (error) {
        expect([inspect(error, { depth: 9 }), ...lines].join('\n')).not.toContain(password);
        throw error;
      } finally {
        await admin.disconnect();
      }
    };

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      '%s',
      async (mechanism) => {
        expect(await topics({ mechanism, username: 'engram', password: new Secret(password) })).toBeInstanceOf(Array);
        const wrong = { mechanism, username: 'engram', password: new Secret(`${password}-wrong`) };
        await expect(topics(wrong)).rejects.toThrow(/[Aa]uthentication/);
      },
      30_000,
    );

    test('oauthbearer, asked for a token at every connection', async () => {
      let asked = 0;
      const fresh = async () => {
        asked++;
        return new Secret(token());
      };
      expect(await topics({ mechanism: 'oauthbearer', token: fresh })).toBeInstanceOf(Array);
      expect(asked).toBeGreaterThan(0);
      await expect(topics({ mechanism: 'oauthbearer', token: async () => new Secret('x.y.z') })).rejects.toThrow();
    }, 120_000);

    test('a certificate nobody knows is refused', async () => {
      const login = { mechanism: 'plain', username: 'engram', password: new Secret(password) } as const;
      await expect(topics(login, true)).rejects.toThrow(/certificate|Connection/);
    }, 120_000);

    test.each([
      [
        'TLS where none is spoken',
        { tls: true },
        'plain',
        /; \S+ answers without TLS: leave kafka.tls out, or name its port for TLS/,
      ],
      [
        'no TLS where it is spoken',
        {},
        'secured',
        /; \S+ answers with TLS: set kafka.tls to true, or to \{"ca": PATH\}/,
      ],
      [
        'an authority nobody knows',
        { tls: true },
        'secured',
        /; no known authority signed its certificate: name the PEM file of one in kafka.tls.ca/,
      ],
      [
        'a login where none is taken',
        { login: { mechanism: 'plain', username: 'engram', password: { file: 'PASSWORD' } } },
        'plain',
        /; the brokers take no login there: leave kafka.login out/,
      ],
    ])('%s is told by its field, once and at once, by run and by replay', async (_, settings, listener, why) => {
      await writeFile(join(folder, 'password'), `${password}\n`);
      const places = JSON.stringify(settings)
        .replace('CA', join(folder, 'ca.pem'))
        .replace('PASSWORD', join(folder, 'password'));
      const brokers = listener === 'plain' ? cluster.addresses : [secured];
      const file = join(folder, 'misfit.json');
      const described = {
        kafka: { brokers, ...JSON.parse(places) },
        ...{ input: 'in', group: 'g', decode: { values: ['v'] }, pipeline: 'light' },
        ...{ state: { folder: join(folder, 'none') }, oldBrokers: 'allow' },
      };
      await writeFile(file, JSON.stringify(described));
      const run = await engram(['run', file]);
      const [last, ...lines] = run.err.trimEnd().split('\n').reverse();
      expect([run.code, last]).toEqual([1, expect.stringMatching(why)]);
      // Beside it there is the log line of the end alone, and no line of the client.
      expect(lines.map((line) => JSON.parse(line).type)).toEqual(['failed']);
      const replay = await engram(['replay', `kafka://${brokers[0]}/in`, '--run', file]);
      expect([replay.code, replay.err]).toEqual([2, expect.stringMatching(why)]);
      for (const { err } of [run, replay]) {
        expect(err).not.toContain(password);
        expect(err).not.toMatch(/^ +at /m);
      }
    });

    test('so is an output without TLS where it is spoken, and a login that is missing', async () => {
      const out = await engram(['replay', join(folder, 'log.csv'), '--out', `kafka://${secured}/out`]);
      expect([out.code, out.err]).toEqual([
        2,
        expect.stringMatching(/^engram: --out: .*; \S+ answers with TLS: set kafka.tls to true/),
      ]);
      const file = join(folder, 'nobody.json');
      await writeFile(file, JSON.stringify({ kafka: { tls }, decode: { values: ['v'] } }));
      const replay = await engram(['replay', `kafka://${secured}/in`, '--run', file]);
      expect([replay.code, replay.err]).toEqual([2, expect.stringMatching(/; \S+ tells its version, .* kafka.login/)]);
    });

    test('a whole run through TLS and SCRAM leaves the password nowhere', async () => {
      const plain = clientOf(cluster.addresses);
      await createTopic(plain, 'secured', 1);
      await produce(
        plain,
        'secured',
        Array.from({ length: 200 }, (_, i) => ({ key: 'k', value: i % 50 === 7 ? '{' : `{"v":${i}}` })),
      );
      await writeFile(join(folder, 'password'), `${password}\n`);
      const state = join(folder, 'state');
      const described = {
        kafka: {
          brokers: [secured],
          tls,
          login: { mechanism: 'scram-sha-512', username: 'engram', password: { file: join(folder, 'password') } },
        },
        input: 'secured',
        group: 'secured',
        decode: { values: ['v'] },
        pipeline: 'light',
        state: { folder: state },
        http: { port: 0, host: '127.0.0.1' },
        ...{ checkpointMs: 50, sessionTimeoutMs: 6000, oldBrokers: 'allow' },
      };
      const options = await parseKafkaRun(described);
      const shown: string[] = [inspect(options, { depth: 9 })];
      let port = 0;
      const stop = new AbortController();
      const running = runKafka(
        {
          ...options,
          onLog: (line) => shown.push(line),
          onEvent: (event) => shown.push(inspect(event, { depth: 9 })),
          onListen: (at) => {
            port = at;
          },
        },
        stop.signal,
      );
      await drained(plain, 'secured', 'secured');
      shown.push(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      stop.abort();
      await running;
      const { pipeline: _, ...settings } = described;
      await writeFile(join(folder, 'run.json'), JSON.stringify({ ...settings, pipeline: 'light' }));
      const replayed = await engram([
        ...['replay', `kafka://${secured}/secured`, '--run', join(folder, 'run.json'), '--verbose'],
        ...['--state', state, '--report', join(state, 'r.html'), '--out', `kafka://${secured}/secured.again`],
      ]);
      expect([replayed.code, replayed.err]).toEqual([0, '']);
      shown.push(replayed.out);
      // A wrong password fails with a reason, and is as little seen.
      await writeFile(join(folder, 'password'), `${password}-wrong\n`);
      const refused = await engram([
        'replay',
        `kafka://${secured}/secured`,
        '--run',
        join(folder, 'run.json'),
        '--verbose',
      ]);
      expect([refused.code, refused.err]).toEqual([
        2,
        expect.stringMatching(/with TLS, login scram-sha-512.*uthentication/),
      ]);
      shown.push(refused.err);
      // No other cluster is shown the login.
      const astray = await engram([
        ...['replay', `kafka://${secured}/secured`, '--run', join(folder, 'run.json')],
        ...['--out', `kafka://${cluster.addresses[0]}/elsewhere`],
      ]);
      expect([astray.code, astray.err]).toEqual([2, expect.stringContaining('expected the cluster of the input')]);
      shown.push(astray.err);
      const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) shown.push(readFileSync(join(file.parentPath, file.name), 'latin1'));
      expect(shown.join('\n')).not.toContain(password);
    }, 120_000);
  },
  { ownBroker: true },
);
