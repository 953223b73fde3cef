import type { Alert } from '../../event.js';
import { readSecret, type Secret, type SecretPlace } from '../kafka/secret.js';
import { Gate, type Reach } from './address.js';
import { post } from './request.js';
import type { AlertSink } from './sink.js';

export interface AlertmanagerOptions extends Reach {
  /** Where it is, without `/api/v2/alerts`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: SecretPlace | Secret;
  readonly bearer?: SecretPlace | Secret;
  /** How often alerts that fire are told again; it must be below Alertmanager's `resolve_timeout`. Default one minute. */
  readonly resendMs?: number;
  readonly timeoutMs?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

/** Alerts in one request. */
const requestAlerts = 1000;

/**
 * Alertmanager's v2 API. It knows alerts by their labels, so these hold nothing that changes while one lasts: severity and
 * values are annotations. What fires is sent again before it would be taken for over, and ends by itself when we die.
 */
export function alertmanagerSink(options: AlertmanagerOptions, nowMs: () => number = () => Date.now()): AlertSink {
  const { resendMs = 60_000, username, password, bearer } = options;
  const gate = new Gate(options);
  gate.checkUrl(options.url);
  const url = new URL('api/v2/alerts', options.url.endsWith('/') ? options.url : `${options.url}/`).href;
  const [word, token] = [password && readSecret(password), bearer && readSecret(bearer)];
  const login = (): Record<string, string> => {
    if (token) return { authorization: `Bearer ${token.reveal()}` };
    if (!word || username === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${word.reveal()}`).toString('base64')}` };
  };
  return {
    manner: 'state',
    repeatMs: resendMs,
    async send({ alerts }) {
      for (let at = 0; at < alerts.length; at += requestAlerts) {
        const part = alerts.slice(at, at + requestAlerts).map((alert) => postable(alert, nowMs(), resendMs));
        const headers = { 'content-type': 'application/json', ...login() };
        await post(url, { ...options, gate, headers, body: JSON.stringify(part) });
      }
    },
    close: () => Promise.resolve(),
  };
}

function postable(alert: Alert, nowMs: number, resendMs: number): object {
  const { id, key, rule, detector, labels, severity, summary, value, expected, status, startsAt, endsAt, replay } =
    alert;
  // Event time may run ahead of the clock here: what is over must be over for Alertmanager too.
  const startMs = Math.min(Date.parse(startsAt), nowMs);
  const endMs = status === 'resolved' ? Math.min(Date.parse(endsAt ?? startsAt), nowMs) : nowMs + 4 * resendMs;
  return {
    labels: { ...labels, alertname: rule, key, detector, engram_id: id },
    annotations: {
      severity,
      summary,
      value: String(value),
      expected: String(expected.p50),
      group: String(alert.group),
    },
    startsAt: new Date(startMs).toISOString(),
    endsAt: new Date(Math.max(endMs, startMs + 1)).toISOString(),
    ...(replay === null ? {} : { generatorURL: replay }),
  };
}
