import { expect, test } from 'vitest';
import type { Anomaly } from '../../event.js';
import { readCard, writeCard } from '../../operators/anomaly-card.js';

const anomaly: Anomaly = {
  id: 'log@3',
  key: 'k',
  status: 'open',
  startMs: 1,
  endMs: 2,
  startOffset: 3,
  endOffset: 4,
  peakMs: 2,
  peakOffset: 4,
  alarms: 2,
  severity: 'warning',
  score: 1e-5,
  channel: 'flow',
  actual: Number.NaN,
  expected: 2,
  low: 1,
  high: 3,
  why: 'flow was not as it used to be',
};

test('what is written is read, with numbers that are none', () => {
  const card = new Uint8Array(4096);
  const bytes = writeCard(anomaly, card);
  expect(readCard(card.subarray(0, bytes), 'k')).toEqual(anomaly);
});

test('a card that is too large keeps what every anomaly has and the foremost causes, texts cut', () => {
  const card = new Uint8Array(4096);
  const causes = Array.from({ length: 100 }, () => ({ feature: 'f', contribution: 0.01, text: '–'.repeat(50) }));
  const bytes = writeCard({ ...anomaly, why: 'é'.repeat(5000), causes }, card);
  const kept = Array.from({ length: 3 }, () => ({ feature: 'f', contribution: 0.01, text: '–'.repeat(50) }));
  expect(readCard(card.subarray(0, bytes), 'k')).toEqual({ ...anomaly, why: 'é'.repeat(200), causes: kept });
  // The most that is kept, every character the longest there is.
  const wide = '\u{1F600}'.repeat(5000);
  const worst = { ...anomaly, id: wide, why: wide, channel: wide, model: wide, version: wide };
  const most = {
    ...worst,
    causes: Array.from({ length: 9 }, () => ({ feature: wide, contribution: -1e-300, text: wide })),
  };
  expect(readCard(card.subarray(0, writeCard(most, card)), 'k').key).toBe('k');
});

test('nothing of an earlier card is left behind it', () => {
  const card = new Uint8Array(4096);
  writeCard({ ...anomaly, why: 'x'.repeat(1000) }, card);
  const fresh = new Uint8Array(4096);
  expect(writeCard(anomaly, card)).toBe(writeCard(anomaly, fresh));
  expect(card).toEqual(fresh);
});
