import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { jarsOf, versionOf } from './choice.js';
import { launchInDocker } from './docker.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const run = promisify(execFile);

export interface ClusterOptions {
  /** Apache Kafka release: 4.1.1 and 3.9.1 are tried. */
  readonly version?: string;
  /** 1: broker and controller in one process; 3: three brokers and a controller. */
  readonly brokers?: 1 | 3;
  /** More server properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Heap of each process, in MiB. */
  readonly heapMb?: number;
  /** For a broker whose speed is measured: it takes the processor for longer until it is warm. */
  readonly optimized?: boolean;
  /** A further listener of a lone broker, and the port that clients of it are told: that of a proxy. */
  readonly proxied?: { readonly listen: number; readonly tell: number };
  /** The broker ends when this process is gone, instead of by `stop`. */
  readonly guardedBy?: number;
}

/** One Kafka server process. */
interface Node {
  readonly id: number;
  readonly folder: string;
  readonly config: string;
  child?: ChildProcess | undefined;
}

/** A real Apache Kafka on the loopback, in a folder of its own, ended by the process ids it began. */
export class Cluster {
  #nodes: Node[] = [];
  /** Milliseconds from nothing to the first answer. */
  startMs = 0;

  private constructor(
    readonly addresses: readonly string[],
    readonly version: string,
    readonly folder: string,
    readonly libs: string,
    readonly heapMb: number,
    readonly options: ClusterOptions,
  ) {}

  get guardedBy(): number | undefined {
    return this.options.guardedBy;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const began = performance.now();
    const { version = versionOf(), brokers = 1, properties = {}, heapMb = 256 } = options;
    const libs = await jars(version);
    const folder = await mkdtemp(join(tmpdir(), 'engram-kafka-'));
    const ports = await freePorts(brokers + 1);
    const addresses = ports.slice(0, brokers).map((port) => `127.0.0.1:${port}`);
    const cluster = new Cluster(addresses, version, folder, libs, heapMb, options);
    const controller = `127.0.0.1:${ports[brokers]}`;
    const id = clusterId();
    for (let i = 0; i < brokers; i++) {
      const role = brokers === 1 ? 'broker,controller' : 'broker';
      cluster.#nodes.push(
        await cluster.#node(i + 1, role, addresses[i], controller, brokers === 1 ? 1 : 9, brokers, properties),
      );
    }
    if (brokers === 3) cluster.#nodes.push(await cluster.#node(9, 'controller', '', controller, 9, brokers, {}));
    await Promise.all(
      cluster.#nodes.map((node) => cluster.#java('kafka.tools.StorageTool', 'format', '-t', id, '-c', node.config)),
    );
    for (const node of cluster.#nodes) cluster.#launch(node);
    try {
      await cluster.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    cluster.startMs = performance.now() - began;
    return cluster;
  }

  async #node(
    id: number,
    role: string,
    address: string,
    controller: string,
    controllerId: number,
    brokers: number,
    more: Readonly<Record<string, string>>,
  ): Promise<Node> {
    const folder = join(this.folder, `node-${id}`);
    await mkdir(folder, { recursive: true });
    const plain = role.includes('broker') ? `PLAINTEXT://${address}` : '';
    const control = role.includes('controller') ? `CONTROLLER://${controller}` : '';
    const properties: Record<string, string> = {
      'process.roles': role,
      'node.id': String(id),
      'controller.quorum.voters': `${controllerId}@${controller}`,
      listeners: [plain, control].filter(Boolean).join(','),
      ...(plain ? { 'advertised.listeners': plain, 'inter.broker.listener.name': 'PLAINTEXT' } : {}),
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': join(folder, 'data'),
      ...forTests(brokers),
      ...more,
    };
    const { proxied } = this.options;
    if (proxied && plain) {
      properties.listeners += `,PROXIED://127.0.0.1:${proxied.listen}`;
      properties['advertised.listeners'] += `,PROXIED://127.0.0.1:${proxied.tell}`;
      properties['listener.security.protocol.map'] += ',PROXIED:PLAINTEXT';
    }
    // One more listener beside the plain one, with logins, and with TLS unless the test says otherwise.
    if (more['listener.secured']) {
      properties.listeners += `,SECURED://${more['listener.secured']}`;
      properties['advertised.listeners'] += `,SECURED://${more['listener.secured']}`;
      properties['listener.security.protocol.map'] += `,SECURED:${more['listener.secured.protocol'] ?? 'SASL_SSL'}`;
    }
    const config = join(folder, 'server.properties');
    await writeFile(
      config,
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    await writeFile(
      join(folder, 'log4j.properties'),
      'log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n' +
        'log4j.appender.out.layout=org.apache.log4j.PatternLayout\nlog4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n\n',
    );
    return { id, folder, config };
  }

  #java(main: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return run(
      'java',
      ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(this.libs, '*'), main, ...args],
      { maxBuffer: 2 ** 30 },
    );
  }

  /** Runs one of Kafka's own tools, for instance the console consumer, and gives what it printed. */
  async tool(main: string, ...args: string[]): Promise<string> {
    return (await this.#java(main, ...args)).stdout;
  }

  /** The same, line by line while it runs; what it says to standard error is dropped. */
  async *lines(main: string, ...args: string[]): AsyncGenerator<string> {
    const child = spawn('java', ['-Xmx256m', '-XX:+UseSerialGC', '-cp', join(this.libs, '*'), main, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    yield* createInterface({ input: child.stdout });
  }

  #launch(node: Node): void {
    const log = openSync(join(node.folder, 'log.txt'), 'a');
    const java = [
      ...['java', `-Xmx${this.heapMb}m`, '-XX:+UseSerialGC'],
      ...(this.options.optimized ? [] : ['-XX:TieredStopAtLevel=1']),
      `-Dlog4j.configuration=file:${join(node.folder, 'log4j.properties')}`,
      ...['-cp', join(this.libs, '*'), 'kafka.Kafka', node.config],
    ];
    const guard = join(root, 'test/kafka/guard.mjs');
    const [command, ...args] = this.guardedBy
      ? [process.execPath, guard, String(this.guardedBy), this.folder, ...java]
      : java;
    const child = spawn(command, args, { stdio: ['ignore', log, log], detached: this.guardedBy !== undefined });
    if (this.guardedBy) child.unref();
    node.child = child;
    child.once('exit', () => {
      if (node.child === child) node.child = undefined;
    });
  }

  /** Resolves when every broker is known to the cluster. */
  async ready(timeoutMs = 180_000): Promise<void> {
    const expected = this.#nodes.filter(({ child }) => child);
    const brokers = expected.filter(({ id }) => id < 9).length;
    const until = performance.now() + timeoutMs;
    for (;;) {
      const dead = expected.find(({ child }) => !child || child.exitCode !== null);
      if (dead) throw new Error(`Kafka node ${dead.id} ended at once: ${this.log(dead.id).slice(-3000)}`);
      const found = await answering(this.addresses);
      if (found >= brokers) return;
      if (performance.now() > until) {
        const logs = expected.map(({ id }) => `node ${id}: ${this.log(id).slice(-1500)}`).join('\n');
        throw new Error(`${found} of ${brokers} Kafka brokers answered in ${timeoutMs} ms: ${logs}`);
      }
      await sleep(100);
    }
  }

  log(id = 1): string {
    return readFileSync(join(this.folder, `node-${id}`, 'log.txt'), 'utf8');
  }

  /** Ids of the broker processes, controller left out. */
  get brokerIds(): number[] {
    return this.#nodes.filter(({ id }) => id < 9).map(({ id }) => id);
  }

  /** SIGKILL by default, as a power cut would; SIGTERM for an orderly stop. False where it was not running. */
  async kill(id = 1, signal: NodeJS.Signals = 'SIGKILL'): Promise<boolean> {
    const node = this.#nodes.find((node) => node.id === id);
    const child = node?.child;
    if (!child) return false;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
    return true;
  }

  async launch(id = 1): Promise<void> {
    const node = this.#nodes.find((node) => node.id === id);
    if (!node || node.child) throw new Error(`node ${id} is unknown or running`);
    this.#launch(node);
    await this.ready();
  }

  async restart(id = 1, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(id, signal);
    await this.launch(id);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ id }) => this.kill(id, 'SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Settings of every broker of a test, wherever it runs. */
function forTests(brokers: number): Record<string, string> {
  const replicas = String(brokers);
  return {
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': brokers === 1 ? '1' : '2',
    'default.replication.factor': replicas,
    'min.insync.replicas': brokers === 1 ? '1' : '2',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'log.retention.hours': '-1',
    'log.initial.task.delay.ms': '500',
    'log.retention.check.interval.ms': '1000',
    // Of three on a busy machine one must not be taken for dead that only waits for the processor.
    'broker.session.timeout.ms': brokers === 1 ? '3000' : '6000',
    'broker.heartbeat.interval.ms': '500',
  };
}

/** A broker in Docker that lives as long as another process; gives its address when it answers. */
export async function dockerBroker(owner: number, timeoutMs = 300_000): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-kafka-docker-'));
  const path = join(folder, 'log.txt');
  const [port] = await freePorts(1);
  launchInDocker({ version: versionOf(), port, properties: forTests(1) }, owner, folder, openSync(path, 'a'));
  const addresses = [`127.0.0.1:${port}`];
  // The image may have to be fetched first.
  for (const until = performance.now() + timeoutMs; (await answering(addresses)) === 0; await sleep(500)) {
    if (performance.now() < until) continue;
    throw new Error(
      `the broker in Docker did not answer in ${timeoutMs} ms: ${readFileSync(path, 'utf8').slice(-3000)}`,
    );
  }
  return addresses;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function answering(brokers: readonly string[]): Promise<number> {
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } catch {
    return 0;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** The folder with Kafka's jars; fetched once with Maven. */
async function jars(version: string): Promise<string> {
  const folder = jarsOf(version);
  if (existsSync(folder) && readdirSync(folder).length > 20) return folder;
  const fresh = `${folder}.${process.pid}`;
  const pom = join(root, 'test/chaos/broker/pom.xml');
  await run('mvn', [
    ...['-q', '-B', '-f', pom, `-Dkafka.version=${version}`, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${fresh}`],
  ]);
  await rename(fresh, folder).catch(async () => rm(fresh, { recursive: true, force: true }));
  return folder;
}

/**
 * Ports nobody listens on, below those that systems give to outgoing connections: whoever knocks again and again at the
 * port of a broker that is away would in the end be given that very port, and the broker could not come back to it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(11_000, 32_000);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** 16 random bytes in base64url; Kafka's tools take a leading dash for an option. */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
