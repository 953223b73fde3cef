import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { type ClientLog, clientLog } from './client-log.js';
import { useCodecs } from './compression.js';
import { tellRefusals } from './internals.js';
import { readSecret, type Secret, type SecretPlace } from './secret.js';

/** How a client proves who it is. */
export type KafkaLogin =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: SecretPlace | Secret;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** Called for every connection and renewal: gives a token that is still good. */
      readonly token: () => Promise<Secret>;
    };

/** Certificates as files; `true` takes the system's authorities. */
export type KafkaTls =
  | boolean
  | {
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      readonly passphrase?: SecretPlace | Secret;
      readonly servername?: string;
    };

/** Where a cluster is and how it is talked to. */
export interface KafkaOptions {
  /** `host:port` of one or more brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas. */
  readonly clientId?: string;
  readonly tls?: KafkaTls;
  readonly login?: KafkaLogin;
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Told what the client notices and nobody else says, one line each; silent without. */
  readonly onLog?: ClientLog;
}

/** A client of a cluster; connects to nothing by itself. */
export function kafkaClient(options: KafkaOptions): Kafka {
  useCodecs();
  tellRefusals();
  const { connectTimeoutMs = 5000, requestTimeoutMs = 30_000, onLog } = options;
  const config: KafkaConfig = {
    brokers: options.brokers.map(checkBroker),
    clientId: options.clientId ?? 'engram',
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    socketFactory: connect,
    // A transaction that ends asynchronously answers CONCURRENT_TRANSACTIONS for some milliseconds: begin small.
    retry: { initialRetryTime: 30, maxRetryTime: 1000, multiplier: 2, retries: 10 },
    logLevel: onLog ? logLevel.WARN : logLevel.NOTHING,
    logCreator: () => clientLog(onLog ?? (() => {})),
  };
  if (options.tls) config.ssl = tlsOf(options.tls);
  if (options.login) config.sasl = saslOf(options.login);
  return new Kafka(config);
}

/** As kafkajs does, and without waiting for more to send: the end of a large request would wait for an acknowledgement. */
const connect: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, 60_000).setNoDelay(true);
};

function checkBroker(broker: string): string {
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d+)$/.exec(broker)?.[1]);
  if (!(port > 0 && port < 65_536)) {
    throw new TypeError(
      `brokers: expected host:port, got ${JSON.stringify(broker.replace(/^[\s\S]*@/, '***@'))}: for instance 127.0.0.1:9092`,
    );
  }
  return broker;
}

/** The certificates as Node wants them. */
export function tlsOf(tls: KafkaTls): NonNullable<KafkaConfig['ssl']> {
  if (tls === true || tls === false) return tls;
  const file = (path: string | undefined, what: string): Buffer | undefined => {
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new Error(`tls.${what}: expected a PEM file at ${path}: ${(error as NodeJS.ErrnoException).code}`);
    }
  };
  const { ca, cert, key, passphrase, servername } = tls;
  return {
    ...(ca ? { ca: file(ca, 'ca') } : {}),
    ...(cert ? { cert: file(cert, 'cert') } : {}),
    ...(key ? { key: file(key, 'key') } : {}),
    ...(passphrase ? { passphrase: readSecret(passphrase).reveal() } : {}),
    ...(servername ? { servername } : {}),
  };
}

function saslOf(login: KafkaLogin): SASLOptions {
  if (login.mechanism === 'oauthbearer') {
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: (await login.token()).reveal() }) };
  }
  return {
    mechanism: login.mechanism,
    username: login.username,
    password: readSecret(login.password).reveal(),
  } as SASLOptions;
}
