import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { sleep } from './broker.js';

/** Requests by the number that Kafka's protocol gives them. */
export const requests = {
  produce: 0,
  fetch: 1,
  heartbeat: 12,
  initProducerId: 22,
  addPartitions: 24,
  addOffsets: 25,
  endTransaction: 26,
  commitOffsets: 28,
} as const;

/** `before` the broker has it, or `after`: it is carried out, and nobody hears so. */
export type Moment = 'before' | 'after';

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
}

/** Stands between clients and one broker, which must tell clients this address, and does to their connections what networks do. */
export class FaultProxy {
  readonly #pairs = new Set<Pair>();
  #trap: { readonly key: number; readonly moment: Moment; readonly sprung: () => void } | undefined;
  #silent = false;
  #delayMs = 0;
  /** Connections that were broken on purpose. */
  cuts = 0;

  private constructor(
    readonly server: Server,
    readonly brokerPort: number,
  ) {}

  static async start(brokerPort: number): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, brokerPort);
    server.on('connection', (client) => proxy.#join(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  #join(client: Socket): void {
    const broker = connect(this.brokerPort, '127.0.0.1');
    const pair = { client, broker };
    this.#pairs.add(pair);
    for (const socket of [client, broker]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => this.#drop(pair));
    }
    let waiting = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      // Requests one by one: four bytes of length, then the number of the request.
      while (waiting.length >= 6 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const request = waiting.subarray(0, 4 + waiting.readInt32BE(0));
        waiting = waiting.subarray(request.length);
        if (!this.#pass(pair, request)) return;
      }
    });
    broker.on('data', (chunk: Buffer) => this.#send(client, chunk));
  }

  /** False when the connection was cut at this request. */
  #pass(pair: Pair, request: Buffer): boolean {
    const trap = this.#trap;
    if (trap?.key !== request.readInt16BE(4)) {
      this.#send(pair.broker, request);
      return true;
    }
    this.#trap = undefined;
    this.cuts++;
    if (trap.moment === 'before') this.#drop(pair);
    else {
      pair.client.pause();
      // The answer goes nowhere; so that it is carried out, the broker is left some time.
      pair.broker.removeAllListeners('data').on('data', () => this.#drop(pair));
      pair.broker.write(request);
    }
    trap.sprung();
    return false;
  }

  #send(to: Socket, bytes: Buffer): void {
    if (this.#silent) return;
    if (this.#delayMs === 0) to.write(bytes);
    else setTimeout(() => to.writable && to.write(bytes), this.#delayMs);
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.broker.destroy();
  }

  /** Breaks all connections; new ones are welcome. */
  cut(): void {
    this.cuts += this.#pairs.size;
    for (const pair of [...this.#pairs]) this.#drop(pair);
  }

  /** Breaks the next connection that sends such a request; resolves when one did, rejects when none does in time. */
  async cutAt(key: number, moment: Moment, timeoutMs = 10_000): Promise<void> {
    let sprung = false;
    this.#trap = {
      ...{ key, moment },
      sprung: () => {
        sprung = true;
      },
    };
    for (const until = performance.now() + timeoutMs; !sprung; await sleep(10)) {
      if (performance.now() > until) throw new Error(`no request ${key} came within ${timeoutMs} ms`);
    }
  }

  /** Connections stay open and nothing passes any more: a cable pulled out, a firewall that forgot. */
  async halfOpen(ms: number): Promise<void> {
    this.#silent = true;
    await sleep(ms);
    this.#silent = false;
    // What was swallowed is missing from these streams for ever.
    this.cut();
  }

  async delay(eachMs: number, ms: number): Promise<void> {
    this.#delayMs = eachMs;
    await sleep(ms);
    this.#delayMs = 0;
  }

  /** Puts bytes into every answer stream that no broker would send. */
  garbage(bytes: Buffer): void {
    for (const { client } of this.#pairs) client.write(bytes);
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
