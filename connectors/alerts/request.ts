import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Gate, Target } from './address.js';
import { Blocked } from './address.js';
import { Refused, TryAgain } from './sink.js';

export interface Post {
  readonly gate: Gate;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all hops together. */
  readonly timeoutMs?: number;
  /** Redirects that keep the method (307, 308) are followed so often, each address checked anew; default 0. */
  readonly redirects?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Of an answer no more is read: nobody needs it, and it may be endless. */
const answerBytes = 64 * 1024;

/**
 * Posts to an address that has passed the gate: the host is resolved once, the connection goes to the address that was
 * checked, under the original name. Throws `TryAgain` for what may pass, `Refused` for what will not, and neither ever
 * says more of the address than its host.
 */
export async function post(address: string, options: Post): Promise<Answer> {
  const { gate, timeoutMs = 10_000, redirects = 0 } = options;
  const stop = AbortSignal.timeout(timeoutMs);
  let url = gate.checkUrl(address);
  const first = url.origin;
  for (let hop = 0; ; hop++) {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const target = await gate.target(url.hostname, port).catch((error: Error) => {
      throw error instanceof Blocked
        ? error
        : new TryAgain(`${url.hostname}: the name cannot be resolved (${codeOf(error)})`);
    });
    const { status, headers, body } = await exchange(url, target, options, stop, url.origin === first);
    if (status < 300) return { status, body };
    if (status < 400) {
      if (hop >= redirects || (status !== 307 && status !== 308) || !headers.location) {
        throw new Refused(
          `${url.hostname}: expected an answer, got a redirect (${status}): name the address it leads to`,
        );
      }
      url = gate.checkUrl(new URL(headers.location, url).href);
      continue;
    }
    throw failure(url.hostname, status, headers['retry-after'], body);
  }
}

/** What a status that is no success means: 408, 425, 429 and 5xx may pass, all else will not. */
function failure(host: string, status: number, retryAfter: string | undefined, body: string): Error {
  const said = body
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200);
  const text = `${host}: answered ${status}${said ? ` (${said})` : ''}`;
  const passing = status === 408 || status === 425 || status === 429 || status >= 500;
  return passing ? new TryAgain(text, retryAfterMs(retryAfter, Date.now())) : new Refused(text);
}

/** Seconds, or a date. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

interface Exchange extends Answer {
  readonly headers: IncomingMessage['headers'];
}

function exchange(url: URL, target: Target, options: Post, stop: AbortSignal, sameOrigin: boolean): Promise<Exchange> {
  const { headers = {}, body, ca } = options;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const why = stop.aborted ? 'no answer in time' : codeOf(error);
      reject(error instanceof Blocked ? error : new TryAgain(`${url.hostname}: ${why}`));
    };
    const asked = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        // Signatures and tokens are meant for whoever was named, not for whoever it leads to.
        headers: {
          ...(sameOrigin ? headers : { 'content-type': headers['content-type'] ?? 'application/json' }),
          'user-agent': 'engram',
          'content-length': String(Buffer.byteLength(body)),
        },
        agent: false,
        signal: stop,
        ...(ca === undefined ? {} : { ca }),
        lookup: (_, how, done) => {
          if (how.all) done(null, [{ address: target.address, family: target.family }]);
          else done(null, target.address, target.family);
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          if (text.length < answerBytes) text += part.slice(0, answerBytes - text.length);
          else answer.destroy();
        });
        const done = (): void => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        answer.on('end', done);
        answer.on('close', done);
        answer.on('error', fail);
      },
    );
    asked.on('socket', (socket: Socket) => {
      socket.once('connect', () => {
        if (socket.remoteAddress === target.address || !socket.remoteAddress) return;
        socket.destroy(
          new Blocked(`${target.host}: expected to reach ${target.address}, reached ${socket.remoteAddress}`),
        );
      });
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** What went wrong as the system's word for it: whole messages may quote what was sent. */
const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? error.name);
