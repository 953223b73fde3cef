import { createHmac, timingSafeEqual } from 'node:crypto';
import { readSecret, Secret, type SecretPlace } from '../kafka/secret.js';
import { Gate, type Reach } from './address.js';
import { post } from './request.js';
import type { AlertSink, Delivery } from './sink.js';
import { worstFirst } from './text.js';

export interface WebhookOptions extends Reach {
  /** An address, or where one is read that is a secret itself. */
  readonly url: string | SecretPlace;
  /** Key that bodies are signed with. */
  readonly secret: SecretPlace | Secret;
  /** Headers that are secrets, such as `authorization`. */
  readonly headers?: Readonly<Record<string, SecretPlace | Secret>>;
  /** Alerts in one body; of the others it says how many there are. Default 1,000. */
  readonly alertsMax?: number;
  readonly timeoutMs?: number;
  /** Redirects that are followed, each hop checked; default 0. */
  readonly redirects?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

/** Posts a delivery as JSON, signed with its time: `engram-signature: v1=HMAC-SHA256(secret, time + "." + body)`. */
export function webhookSink(options: WebhookOptions, nowMs: () => number = () => Date.now()): AlertSink {
  const { alertsMax = 1000, headers = {} } = options;
  const gate = new Gate(options);
  const url = addressOf(options.url);
  const secret = readSecret(options.secret);
  const hidden = Object.entries(headers).map(([name, place]) => [name, readSecret(place)] as const);
  gate.checkUrl(url.reveal());
  return {
    manner: 'grouped',
    async send(delivery) {
      const body = JSON.stringify(webhookBody(delivery, alertsMax));
      const time = String(Math.floor(nowMs() / 1000));
      await post(url.reveal(), {
        ...options,
        gate,
        body,
        headers: {
          ...Object.fromEntries(hidden.map(([name, value]) => [name, value.reveal()])),
          'content-type': 'application/json',
          'engram-delivery': delivery.id,
          'engram-timestamp': time,
          'engram-signature': signatureOf(secret, time, body),
        },
      });
    },
    close: () => Promise.resolve(),
  };
}

/** The body: the delivery with its alerts worst first, and how many there are. */
function webhookBody({ alerts, first: _, ...delivery }: Delivery, alertsMax: number): object {
  const firing = alerts.filter(({ status }) => status === 'firing').length;
  return {
    version: 1,
    ...delivery,
    counts: { firing, resolved: alerts.length - firing },
    truncated: Math.max(0, alerts.length - alertsMax),
    alerts: worstFirst(alerts).slice(0, alertsMax),
  };
}

const signatureOf = (secret: Secret, time: string, body: string): string =>
  `v1=${createHmac('sha256', secret.reveal()).update(`${time}.${body}`).digest('hex')}`;

/**
 * For receivers: true if the body was signed with the secret at most `toleranceMs` ago. Compares in constant time; the
 * body must be the bytes as they came, before any JSON is read.
 */
export function verifyWebhook(
  secret: Secret,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  { toleranceMs = 300_000, nowMs = Date.now() }: { readonly toleranceMs?: number; readonly nowMs?: number } = {},
): boolean {
  const [time, given] = [headers['engram-timestamp'], headers['engram-signature']];
  if (typeof time !== 'string' || typeof given !== 'string' || !/^\d{1,12}$/.test(time)) return false;
  const expected = Buffer.from(signatureOf(secret, time, body));
  const came = Buffer.from(given);
  const signed = came.length === expected.length && timingSafeEqual(came, expected);
  return signed && Math.abs(nowMs - Number(time) * 1000) <= toleranceMs;
}

/** An address as a secret: paths of hooks are passwords. */
export const addressOf = (url: string | SecretPlace): Secret =>
  typeof url === 'string' ? new Secret(url) : readSecret(url);
