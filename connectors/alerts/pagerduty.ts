import type { Severity } from '../../event.js';
import { readSecret, type Secret, type SecretPlace } from '../kafka/secret.js';
import { Gate, type Reach } from './address.js';
import { post } from './request.js';
import type { AlertSink, Delivery } from './sink.js';
import { titleOf, worstFirst, worstSeverity } from './text.js';

export interface PagerDutyOptions extends Reach {
  /** Integration key of a service. */
  readonly routingKey: SecretPlace | Secret;
  /** Default: PagerDuty's own. */
  readonly url?: string;
  readonly timeoutMs?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

const severityWords: Readonly<Record<Severity, string>> = {
  info: 'info',
  warning: 'warning',
  major: 'error',
  critical: 'critical',
};

/** PagerDuty's Events API v2: an incident per group, triggered, updated and resolved under one `dedup_key`. */
export function pagerDutySink(options: PagerDutyOptions): AlertSink {
  const { url = 'https://events.pagerduty.com/v2/enqueue' } = options;
  const gate = new Gate(options);
  gate.checkUrl(url);
  const key = readSecret(options.routingKey);
  const enqueue = async (event: object): Promise<void> => {
    const body = JSON.stringify({ routing_key: key.reveal(), ...event });
    await post(url, { ...options, gate, headers: { 'content-type': 'application/json' }, body });
  };
  return {
    manner: 'grouped',
    async send(delivery) {
      const dedup_key = delivery.group ?? delivery.id;
      // What has come and gone before it was told: there is nothing yet that could be resolved.
      if (delivery.status === 'firing' || delivery.first)
        await enqueue({ event_action: 'trigger', dedup_key, ...trigger(delivery) });
      if (delivery.status === 'resolved') await enqueue({ event_action: 'resolve', dedup_key });
    },
    close: () => Promise.resolve(),
  };
}

function trigger(delivery: Delivery): object {
  const listed = worstFirst(delivery.alerts).slice(0, 10);
  const [worst] = listed;
  return {
    client: 'engram',
    payload: {
      summary: titleOf(delivery).slice(0, 1024),
      source: worst?.key ?? 'engram',
      severity: severityWords[worstSeverity(delivery.alerts)],
      timestamp: worst?.startsAt,
      component: worst?.channel,
      group: delivery.group,
      class: worst?.rule,
      custom_details: {
        alerts: delivery.alerts.length,
        worst: listed.map(({ id, key, severity, value, expected, summary }) => ({
          id,
          key,
          severity,
          value,
          expected: expected.p50,
          summary,
        })),
      },
    },
    links: listed.flatMap(({ replay, key }) => (replay === null ? [] : [{ href: replay, text: key }])),
  };
}
