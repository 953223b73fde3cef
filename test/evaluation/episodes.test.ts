import { expect, test } from 'vitest';
import { episodeScore } from '../../evaluation/episodes.js';

const times = Array.from({ length: 200 }, (_, row) => row * 3_600_000);
const alarmsAt = (...rows: number[]): boolean[] => times.map((_, row) => rows.includes(row));

test('alarms near each other are one episode, right if it touches a window', () => {
  const score = episodeScore([
    {
      alarms: alarmsAt(30, 33, 40, 80, 120),
      windows: [
        [35, 60],
        [100, 110],
      ],
      times,
      from: 8,
    },
  ]);
  // Episodes 30 to 40 (right), 80 and 120 (wrong); window 35 is found at row 40, window 100 is missed.
  expect(score.episode_recall).toBe(1 / 2);
  expect(score.episode_precision).toBeCloseTo(1 / 3, 12);
  expect(score.delay_rows).toBe(5);
  expect(score.false_per_day).toBeCloseTo(2 / (191 / 24), 12);
});

test('nothing before the first scored row counts', () => {
  const score = episodeScore([{ alarms: alarmsAt(3, 4), windows: [[2, 20]], times, from: 10 }]);
  expect(score).toMatchObject({ episode_recall: 0, episode_precision: 0, false_per_day: 0 });
  expect(score.delay_rows).toBeNaN();
});

test('the delay is the median over what was found', () => {
  const score = episodeScore(
    [1, 3, 11].map((late) => ({ alarms: alarmsAt(50 + late), windows: [[50, 70]], times, from: 0 })),
  );
  expect(score.delay_rows).toBe(3);
  expect(score.episode_precision).toBe(1);
});
