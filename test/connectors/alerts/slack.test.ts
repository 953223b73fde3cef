import { afterEach, beforeEach, expect, test } from 'vitest';
import { slackSink } from '../../../connectors/alerts/slack.js';
import { alertOf, deliveryOf, Receiver, resolvedOf } from './server.js';

let here: Receiver;
beforeEach(async () => {
  here = await Receiver.start();
  process.env.SLACK_TEST_URL = here.url('/services/T0/B0/x');
});
afterEach(async () => {
  delete process.env.SLACK_TEST_URL;
  await here.close();
});
const sink = () => slackSink({ url: { env: 'SLACK_TEST_URL' }, allow: here.allow });

/** What Slack takes: texts within its limits, known fields only. */
function strict(body: unknown): {
  text: string;
  attachments: { color: string; blocks: { text: { text: string } }[] }[];
} {
  const message = body as ReturnType<typeof strict>;
  expect(Object.keys(message).sort()).toEqual(['attachments', 'text']);
  for (const attachment of message.attachments) {
    expect(Object.keys(attachment).sort()).toEqual(['blocks', 'color', 'fallback']);
    expect(attachment.color).toMatch(/^#[0-9a-f]{6}$/);
    for (const block of attachment.blocks) {
      expect(block).toEqual({ type: 'section', text: { type: 'mrkdwn', text: expect.any(String), verbatim: true } });
      expect(block.text.text.length).toBeLessThanOrEqual(3000);
    }
  }
  return message;
}

test('a message says what, how bad, and since when', async () => {
  await sink().send(deliveryOf([alertOf({ severity: 'critical' }), alertOf({ id: 'b', key: 'pump-2' })]));
  const [asked] = here.asked;
  expect(asked.path).toBe('/services/T0/B0/x');
  const message = strict(here.bodies[0]);
  expect(message.text).toBe(
    '[FIRING 2] pump-1 and 1 more key (rule=any): flow 50 where 10 (8 to 12) was expected: 5 times as high',
  );
  expect(message.attachments[0].color).toBe('#a8005f');
  expect(message.attachments[0].blocks[0].text.text).toContain('critical: pump-1 (any) since 2026-01-01T00:00:00.000Z');
});

test('an end is green', async () => {
  await sink().send(deliveryOf([resolvedOf()]));
  expect(strict(here.bodies[0]).attachments[0].color).toBe('#2a7d4f');
});

test('names are text: no mention, no link, no new line', async () => {
  await sink().send(deliveryOf([alertOf({ key: '<!channel> <https://evil|x> &amp;\n*' })]));
  expect(strict(here.bodies[0]).text).toContain('&lt;!channel&gt; &lt;https://evil|x&gt; &amp;amp; *');
});

test('however many alerts there are, it stays within the limits', async () => {
  const alerts = Array.from({ length: 10_000 }, (_, i) => alertOf({ id: String(i), key: `<${'k'.repeat(500)}>` }));
  await sink().send(deliveryOf(alerts));
  expect(strict(here.bodies[0]).text).toHaveLength(150);
});

test('invalid_payload is not tried again', async () => {
  here.reply = () => ({ status: 400, body: 'invalid_payload' });
  await expect(sink().send(deliveryOf([alertOf()]))).rejects.toMatchObject({
    name: 'Refused',
    message: '127.0.0.1: answered 400 (invalid_payload)',
  });
});
