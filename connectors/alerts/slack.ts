import type { SecretPlace } from '../kafka/secret.js';
import { Gate, type Reach } from './address.js';
import { post } from './request.js';
import type { AlertSink } from './sink.js';
import { bodyOf, titleOf, worstSeverity } from './text.js';
import { addressOf } from './webhook.js';

export interface SlackOptions extends Reach {
  /** The address of an incoming webhook, which is a secret. */
  readonly url: SecretPlace;
  readonly timeoutMs?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

const colours = { info: '#2374b8', warning: '#b57900', major: '#cf5200', critical: '#a8005f' } as const;
const resolvedColour = '#2a7d4f';
/** Slack refuses longer texts. */
const [titleChars, bodyChars] = [150, 2900];

/** Messages for Slack's incoming webhooks and what speaks like them (Mattermost, Rocket.Chat). */
export function slackSink(options: SlackOptions): AlertSink {
  const gate = new Gate(options);
  const url = addressOf(options.url);
  gate.checkUrl(url.reveal());
  return {
    manner: 'grouped',
    async send(delivery) {
      const [title, body] = [cut(escaped(titleOf(delivery)), titleChars), cut(escaped(bodyOf(delivery)), bodyChars)];
      const message = {
        text: title,
        attachments: [
          {
            color: delivery.status === 'resolved' ? resolvedColour : colours[worstSeverity(delivery.alerts)],
            fallback: title,
            blocks: [{ type: 'section', text: { type: 'mrkdwn', text: body, verbatim: true } }],
          },
        ],
      };
      await post(url.reveal(), { ...options, gate, body: JSON.stringify(message), headers: json });
    },
    close: () => Promise.resolve(),
  };
}

const json = { 'content-type': 'application/json; charset=utf-8' };

/** Names are text only: what Slack would take for a mention or a link is written out. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Shortened, but never within an escape. */
const cut = (text: string, chars: number): string =>
  text.length <= chars ? text : `${text.slice(0, chars - 1).replace(/&[a-z]{0,3}$/, '')}…`;
