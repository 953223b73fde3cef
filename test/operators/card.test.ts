import { expect, test } from 'vitest';
import { cardLayout, cardOf, noteEpisode, noteReasons, noteStep } from '../../operators/card.js';
import { rowOf } from './evidence/row.js';

const like = { channel: 0, side: 1, score: 1e-5 };
const reasons = (kind: 'value' | 'spread') => ({
  channel: 0,
  channels: [4],
  parts: [
    { kind, nats: 3 },
    { kind: 'level' as const, nats: 1 },
  ],
});

test('causes are shares of what was new, the largest first, in words', () => {
  const own = rowOf(cardLayout);
  expect(cardOf(own, like)).toEqual({ steps: [], similar: [] });
  noteReasons(own, reasons('value'));
  expect(cardOf(own, like).causes).toEqual([
    { feature: 'value', contribution: 0.75, text: 'the value lies outside all it was' },
    { feature: 'level', contribution: 0.25, text: 'the mean of 20 rows lies outside all it was' },
  ]);
});

test('the most surprising of the last rows are told, and older ones are not', () => {
  const own = rowOf(cardLayout);
  for (let i = 0; i < 300; i++) noteStep(own, 1000 * i, i, [i === 20 ? 1e-9 : i % 50 === 0 ? 1e-4 : 0.5, Number.NaN]);
  const { steps = [] } = cardOf(own, like);
  expect(steps.map(({ offset }) => offset).slice(0, 4)).toEqual([100, 150, 200, 250]);
  expect(steps[0]).toEqual({ offset: 100, timeMs: 100_000, surprise: expect.closeTo(-Math.log(1e-4), 9) });
});

test('of the past, episodes of the same channel, side and kind are the likest', () => {
  const own = rowOf(cardLayout);
  noteReasons(own, reasons('spread'));
  noteEpisode(own, 1, 2, like);
  noteReasons(own, reasons('value'));
  noteEpisode(own, 3, 4, { ...like, score: 1e-6 });
  noteEpisode(own, 5, 6, { channel: 1, side: -1, score: 1e-12 });
  const { similar = [] } = cardOf(own, like);
  expect(similar.map(({ startMs }) => startMs)).toEqual([3, 1]);
  expect(similar[0]?.likeness).toBeGreaterThan(0.7);
});
