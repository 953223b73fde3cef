import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmailOptions, emailSink } from '../../../connectors/alerts/email.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { alertOf, deliveryOf } from './server.js';
import { SmtpServer } from './smtp-server.js';

let here: SmtpServer;
beforeEach(async () => {
  here = await SmtpServer.start();
});
afterEach(() => here.close());
const sink = (more: Partial<EmailOptions> = {}) =>
  emailSink({
    host: '127.0.0.1',
    port: here.port,
    tls: 'never',
    allow: [`127.0.0.1:${here.port}`],
    from: 'engram@plant.example',
    to: ['ops@plant.example', 'two@plant.example'],
    username: 'engram',
    password: new Secret('hunter2'),
    timeoutMs: 2000,
    ...more,
  });

test('a mail has a subject, the alerts, an id that stays and the thread of its incident', async () => {
  await (await sink()).send(deliveryOf([alertOf(), alertOf({ id: 'b', key: 'pump-2\r\nBcc: x@evil.example' })]));
  const [{ from, to, data, user }] = here.mails;
  expect({ from, to, user }).toEqual({
    from: 'engram@plant.example',
    to: ['ops@plant.example', 'two@plant.example'],
    user: 'engram',
  });
  const [head, body] = [data.slice(0, data.indexOf('\n\n')), data.slice(data.indexOf('\n\n'))];
  expect(head.replaceAll(/\n\s+/g, ' ')).toContain('Subject: [FIRING 2] pump-1 and 1 more key (rule=any)');
  expect(head).toContain('Message-ID: <d1@plant.example>');
  expect(head).toContain('References: <g1@plant.example>');
  expect(head).toContain('Auto-Submitted: auto-generated');
  expect(head).not.toMatch(/^Bcc:/m);
  expect(body).toContain('major: pump-1 (any) since');
});

test.each([
  [554, 'Refused'],
  [451, 'TryAgain'],
])('%d at the end is %s, and the words of the server are not said on', async (code, name) => {
  here.codes.push(code);
  const error = await (await sink()).send(deliveryOf([alertOf()])).catch((error: Error) => error);
  expect(error).toMatchObject({ name, message: `127.0.0.1: the mail was not taken (${code})` });
});

test('a wrong password is tried again and not said; a server that is away too', async () => {
  const wrong = await sink({ password: new Secret('canary') });
  await expect(wrong.send(deliveryOf([alertOf()]))).rejects.toMatchObject({
    name: 'TryAgain',
    message: expect.not.stringContaining('canary'),
  });
  const away = await sink();
  await here.close();
  await expect(away.send(deliveryOf([alertOf()]))).rejects.toMatchObject({ name: 'TryAgain' });
  here = await SmtpServer.start();
});

test('nothing is said without TLS unless that was asked for', async () => {
  const strict = await sink({ tls: 'require' });
  await expect(strict.send(deliveryOf([alertOf()]))).rejects.toThrow(/was not taken/);
  expect(here.mails).toEqual([]);
});

test('inner hosts and unusual ports are closed', async () => {
  await expect(sink({ allow: [] })).rejects.toThrow(/email.port: expected one of 25, 465, 587/);
  await expect(sink({ allow: [`other.example:${here.port}`] })).rejects.toThrow(/email.port: expected one of/);
  await expect(sink({ allow: ['10.2.0.0/16'] })).rejects.toThrow(/email.port: expected one of/);
  const inner = await sink({ allow: [], port: 587, host: '10.0.0.1' });
  await expect(inner.send(deliveryOf([alertOf()]))).rejects.toThrow(/expected a public address/);
  await expect(sink({ to: [] })).rejects.toThrow(/email.to: expected at least one address/);
});

test('a network opens unusual ports of what is in it, by name too, and of nothing else', async () => {
  const from = (address: string) => ({ allow: ['127.0.0.0/8'], host: 'mail.example', resolve: async () => [address] });
  await expect((await sink(from('93.184.216.34'))).send(deliveryOf([alertOf()]))).rejects.toThrow(
    `mail.example: expected one of the ports 25, 465, 587, got ${here.port}: name mail.example:${here.port} in allow`,
  );
  await (await sink(from('127.0.0.1'))).send(deliveryOf([alertOf()]));
  await (await sink({ allow: ['127.0.0.0/8'] })).send(deliveryOf([alertOf()]));
  expect(here.mails).toHaveLength(2);
});
