import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Delivery } from '../../../connectors/alerts/sink.js';
import type { Alert } from '../../../event.js';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server on the loopback that keeps what it is asked and answers as told. */
export class Receiver {
  readonly asked: Asked[] = [];
  reply: (asked: Asked) => Reply | 'hang' = () => ({ status: 200, body: 'ok' });

  /** Known also when it is closed. */
  port = 0;

  private constructor(readonly server: Server) {}

  static async start(port = 0): Promise<Receiver> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (part: string) => {
        body += part;
      });
      request.on('end', () => {
        const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
        receiver.asked.push(asked);
        const reply = receiver.reply(asked);
        if (reply === 'hang') return;
        response.writeHead(reply.status, reply.headers);
        response.end(reply.body);
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    receiver.port = (server.address() as AddressInfo).port;
    return receiver;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** What opens the gate to this server. */
  get allow(): string[] {
    return [`127.0.0.1:${this.port}`];
  }

  get bodies(): unknown[] {
    return this.asked.map(({ body }) => JSON.parse(body) as unknown);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An alert with whatever a test cares for. */
export const alertOf = (more: Partial<Alert> = {}): Alert => ({
  id: 'a1',
  revision: 1,
  status: 'firing',
  key: 'pump-1',
  detector: 'sensor-anomaly',
  rule: 'any',
  severity: 'major',
  labels: { site: 'north' },
  startsAt: '2026-01-01T00:00:00.000Z',
  timeMs: Date.UTC(2026, 0, 1),
  channel: 'flow',
  value: 50,
  expected: { p1: 8, p50: 10, p99: 12 },
  likelihood: 0.999,
  direction: 'above',
  summary: 'flow 50 where 10 (8 to 12) was expected: 5 times as high',
  why: [{ feature: 'flow', contribution: 1, text: 'flow 50 where 10 (8 to 12) was expected: 5 times as high' }],
  alarms: 1,
  episodes: 1,
  model: null,
  version: null,
  source: { topic: 'log', partition: 0, offset: 7 },
  group: 'g1',
  replay: null,
  ...more,
});

export const resolvedOf = (more: Partial<Alert> = {}): Alert =>
  alertOf({ status: 'resolved', revision: 2, endsAt: '2026-01-01T01:00:00.000Z', ...more });

export const deliveryOf = (alerts: readonly Alert[], more: Partial<Delivery> = {}): Delivery => ({
  id: 'd1',
  group: 'g1',
  labels: { rule: 'any' },
  status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
  alerts,
  first: true,
  ...more,
});
