import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Registered {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { name: string; subject: string; version: number }[];
}

/** A schema registry's two answers, for tests of what reads them. */
export async function registryServer(
  byId: Readonly<Record<number, Registered>>,
  bySubject: Readonly<Record<string, Registered>> = {},
  login?: string,
  /** What is answered instead, where it says so. */
  trouble: () => { readonly status: number; readonly body: string } | undefined = () => undefined,
): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    const instead = trouble();
    if (instead) {
      response.writeHead(instead.status).end(instead.body);
      return;
    }
    const allowed =
      login === undefined || request.headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`;
    const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
    const subject = /^\/subjects\/(.+)\/versions\/\d+$/.exec(path)?.[1];
    const found = id ? byId[Number(id)] : subject ? bySubject[subject] : undefined;
    response.writeHead(!allowed ? 401 : found ? 200 : 404, {
      'content-type': 'application/vnd.schemaregistry.v1+json',
    });
    response.end(JSON.stringify(found ?? { error_code: 40403 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

export const framed = (id: number, body: Uint8Array, between: readonly number[] = []): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, Buffer.from(between), body]);
};

export const recordOf = (value: Buffer, headers: Record<string, string> = {}) => ({
  ...{ offset: 1, key: Buffer.from('k'), value, timestampMs: 0 },
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
});
