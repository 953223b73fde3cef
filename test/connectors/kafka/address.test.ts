import { expect, test } from 'vitest';
import { isKafkaUrl, parseKafkaUrl, redacted } from '../../../connectors/kafka/address.js';

test('the address of a replay', () => {
  expect(parseKafkaUrl('kafka://a:1,b:2/t.x?from=5&to=2024-01-01')).toEqual({
    brokers: ['a:1', 'b:2'],
    topic: 't.x',
    from: '5',
    to: '2024-01-01',
  });
  expect(parseKafkaUrl('kafka://a:1/t')).toEqual({ brokers: ['a:1'], topic: 't' });
  // In an address a plus is a plus.
  expect(parseKafkaUrl('kafka://a:1/t?from=2024-05-01T00:00:00+02:00').from).toBe('2024-05-01T00:00:00+02:00');
  expect(parseKafkaUrl('KAFKA://a:1/t?to=2024-05-01T00%3A00%3A00Z').to).toBe('2024-05-01T00:00:00Z');
});

test.each([
  ['kafka://a:1', /expected kafka:\/\/host:port/],
  ['kafka://a/t', /brokers as host:port.*got "a"/],
  ['kafka://a:1,b/t', /got "b"/],
  ['kafka://a:99999/t', /got "a:99999"/],
  ['kafka://a:1/t?form=5', /expected from and to.*got "form"/],
  ['kafka://a:1/t?from=', /from: expected an offset or a time/],
  ['kafka://a:1/t?from=1&from=2', /from once/],
  ['kafka://a:1/t?from=%zz', /percent/],
  ['kafka://a:1/my topic', /got the topic "my topic"/],
  ['kafka://a:1/t/u', /expected kafka:\/\/host/],
])('%s is told apart', (url, why) => expect(() => parseKafkaUrl(url)).toThrow(why));

test.each([
  'kafka://engram:canary-1@a:1/t',
  'kafka://engram:can/ary-1@a:1/t',
  'kafka://engram:can?ary-1@a:1/t?from=5',
  'kafka://engram:can@ary-1@a:1/t',
  'kafka://a:1/t?password=canary-1',
])('a password is refused and never shown', (url) => {
  let said = '';
  try {
    parseKafkaUrl(url);
  } catch (error) {
    said = String((error as Error).stack);
  }
  expect(said).toMatch(/--run/);
  expect(said).not.toMatch(/canary|can\/ary|can\?ary|ary-1|can@/);
  expect(redacted('x://u:p@h/t')).toBe('x://***@h/t');
  expect(isKafkaUrl(url)).toBe(true);
});
