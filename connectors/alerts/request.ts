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
 * checked, under the original name. Throws `TryAgain` for what may pass, `Refused` for what will not. What they say is
 * made of the host that was named, a status and words known beforehand: address, path and answer are never quoted, as a
 * receiver may echo whatever it was sent.
 */
export async function post(address: string, options: Post): Promise<Answer> {
  const { gate, timeoutMs = 10_000, redirects = 0 } = options;
  const stop = AbortSignal.timeout(timeoutMs);
  let url = gate.checkUrl(address);
  const { origin: first, hostname } = url;
  for (let hop = 0; ; hop++) {
    // Where a redirect leads is part of an answer too.
    const host = hop === 0 ? hostname : `${hostname} (redirected)`;
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const target = await gate.target(url.hostname, port).catch((error: Error) => {
      if (!(error instanceof Blocked)) throw new TryAgain(`${host}: the name cannot be resolved (${codeOf(error)})`);
      throw hop === 0 ? error : blockedHop(hostname);
    });
    const { status, headers, body } = await exchange(url, host, target, options, stop, url.origin === first);
    if (status < 300) return { status, body };
    if (status < 400) {
      if (hop >= redirects || (status !== 307 && status !== 308) || !headers.location) {
        throw new TryAgain(
          `${host}: expected an answer, got a redirect (${status}): name the address it leads to`,
          undefined,
          true,
        );
      }
      url = nextHop(gate, headers.location, url, hostname);
      continue;
    }
    throw failure(host, status, headers['retry-after'], body);
  }
}

function nextHop(gate: Gate, location: string, from: URL, hostname: string): URL {
  try {
    return gate.checkUrl(new URL(location, from).href);
  } catch {
    throw blockedHop(hostname);
  }
}

const blockedHop = (hostname: string): Blocked =>
  new Blocked(`${hostname}: expected a redirect to an address that is allowed, it leads elsewhere: name that in allow`);

/** What is wrong with the delivery itself: the same bytes will be refused for ever. */
const finalStatuses: ReadonlySet<number> = new Set([400, 410, 411, 413, 414, 415, 422, 431]);
/**
 * What is wrong with the load or the receiver, and will be over by itself. All else, such as 401, 403 and 404, is a matter of
 * tokens and addresses, which people mend.
 */
const isPassing = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;
/** Answers of Slack that say more than their status; said on only where they are all of an answer. */
const knownWords: ReadonlySet<string> = new Set([
  'action_prohibited',
  'channel_is_archived',
  'channel_not_found',
  'invalid_payload',
  'invalid_token',
  'no_active_hooks',
  'no_service',
  'no_service_id',
  'no_team',
  'no_text',
  'posting_to_general_channel_denied',
  'rate_limited',
  'team_disabled',
  'too_many_attachments',
  'user_not_found',
]);

function failure(host: string, status: number, retryAfter: string | undefined, body: string): Error {
  const said = body.trim();
  const text = `${host}: answered ${status}${knownWords.has(said) ? ` (${said})` : ''}`;
  if (finalStatuses.has(status)) return new Refused(text);
  return new TryAgain(text, retryAfterMs(retryAfter, Date.now()), !isPassing(status));
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

function exchange(
  url: URL,
  host: string,
  target: Target,
  options: Post,
  stop: AbortSignal,
  sameOrigin: boolean,
): Promise<Exchange> {
  const { headers = {}, body, ca } = options;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const why = stop.aborted ? 'no answer in time' : codeOf(error);
      reject(error instanceof Blocked ? error : new TryAgain(`${host}: ${why}`));
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
        socket.destroy(new Blocked(`${host}: expected to reach ${target.address}, reached ${socket.remoteAddress}`));
      });
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** What went wrong as the system's word for it: whole messages may quote what was sent. */
const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? error.name);
