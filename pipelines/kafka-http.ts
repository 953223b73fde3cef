import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the endpoints answer with. */
export interface Health {
  /** Why this process cannot work any more; undefined while it can. A broker that is away is no such reason. */
  broken(): string | undefined;
  /** Why no results are to be expected from it now; undefined when every partition is restored and live. */
  waiting(): string | undefined;
  metrics(): string;
}

/** `/healthz`, `/readyz` and `/metrics`, for machines that look after the process. */
export class HealthServer {
  private constructor(readonly server: Server) {}

  static async start(health: Health, port: number, host = '0.0.0.0'): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const answer = (status: number, text: string): void => {
        response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(text);
      };
      const state = (reason: string | undefined): void =>
        answer(reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
      const path = request.url?.split('?')[0];
      if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'expected GET\n');
      else if (path === '/healthz') state(health.broken());
      else if (path === '/readyz') state(health.broken() ?? health.waiting());
      else if (path === '/metrics') answer(200, health.metrics());
      else answer(404, 'expected /healthz, /readyz or /metrics\n');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(new Error(`http.port: expected a free port, ${port} cannot be had (${error.code}): name another one`)),
      );
      server.listen(port, host, resolve);
    });
    return new HealthServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
