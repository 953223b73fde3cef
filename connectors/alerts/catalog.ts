import { readFileSync } from 'node:fs';
import { type AlertmanagerOptions, alertmanagerSink } from './alertmanager.js';
import { type EmailOptions, emailSink } from './email.js';
import { type AlertFileOptions, alertFileSink } from './file.js';
import { type PagerDutyOptions, pagerDutySink } from './pagerduty.js';
import type { AlertSink } from './sink.js';
import { type SlackOptions, slackSink } from './slack.js';
import { type WebhookOptions, webhookSink } from './webhook.js';

/** Where alerts can go, by the name that a specification has for it. */
export const alertSinks = {
  file: (options: AlertFileOptions): AlertSink => alertFileSink(options),
  webhook: (options: WebhookOptions): AlertSink => webhookSink(options),
  slack: (options: SlackOptions): AlertSink => slackSink(options),
  alertmanager: (options: AlertmanagerOptions): AlertSink => alertmanagerSink(options),
  pagerduty: (options: PagerDutyOptions): AlertSink => pagerDutySink(options),
  email: (options: EmailOptions): Promise<AlertSink> => emailSink(options),
  /** Loaded only when it is asked for: no other sink needs the client. */
  kafka: async (options: import('./kafka.js').KafkaAlertOptions): Promise<AlertSink> =>
    (await import('./kafka.js')).kafkaAlertSink(options),
};

export type AlertSinkName = keyof typeof alertSinks;

/** One sink as plain JSON: its name, and its options. */
export type AlertSinkSpec = {
  [N in AlertSinkName]: { readonly [K in N]: Parameters<(typeof alertSinks)[N]>[0] };
}[AlertSinkName];

/** The sink that a specification describes; its `ca` is a PEM file. */
export async function alertSinkOf(spec: AlertSinkSpec): Promise<AlertSink> {
  const [[name, options]] = Object.entries(spec) as [[AlertSinkName, { readonly ca?: string }]];
  const ready = options.ca === undefined ? options : { ...options, ca: authorities(options.ca) };
  return await alertSinks[name](ready as never);
}

function authorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`ca: expected a PEM file at ${path}, it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
