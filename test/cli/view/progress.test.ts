import { describe, expect, test } from 'vitest';
import { Progress } from '../../../cli/view/progress.js';
import { widthOf } from '../../../cli/view/text.js';
import { batchOf } from '../results.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the movements of the cursor begin with escape
const movements = /\u001B\[[0-9]*[AJK]|\u001B\[\?25[lh]|\r/g;

function terminal(isTTY: boolean, columns = 80) {
  const texts: string[] = [];
  return { isTTY, columns, texts, write: (text: string) => texts.push(text) };
}

describe('progress', () => {
  test('draws at most ten times a second, and the last state at the end', () => {
    let now = 0;
    const screen = terminal(true);
    const progress = new Progress({ terminal: screen, colour: false, nowMs: () => now });
    progress.begin(0, 1000);
    for (let i = 0; i < 100; i++) {
      now += 10;
      progress.batch(batchOf(i * 10, 10));
    }
    expect(screen.texts.length).toBeGreaterThan(5);
    expect(screen.texts.length).toBeLessThanOrEqual(11);
    progress.end();
    expect(screen.texts.at(-2)).toContain('100 %  1,000 rows  1,000 events/s  0 anomalies');
    expect(screen.texts.at(-1)).toBe('\u001B[?25h');
  });
  test.each([20, 40, 60, 80, 200])('fits a terminal of %d columns', (columns) => {
    let now = 0;
    const screen = terminal(true, columns);
    const progress = new Progress({ terminal: screen, colour: true, nowMs: () => now });
    progress.begin(0, 400);
    for (let i = 0; i < 4; i++) {
      now += 200;
      progress.batch(batchOf(i * 100, 100, { key: 'a key with 日本 and\u001B[2J in it, rather long' }));
    }
    progress.end();
    const lines = screen.texts.join('').replaceAll(movements, '').split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThan(columns);
    expect(screen.texts.join('')).not.toContain('\u001B[2J in');
  });
  test('goes back exactly as many lines as it drew', () => {
    let now = 0;
    const screen = terminal(true);
    const progress = new Progress({ terminal: screen, colour: false, nowMs: () => now });
    for (let i = 0; i < 3; i++) {
      now += 200;
      progress.batch(batchOf(i * 10, 10));
    }
    const [first, second] = screen.texts;
    expect(second.startsWith(`\u001B[${first.split('\n').length - 1}A`)).toBe(true);
  });
  test('adds up the partitions of a topic, whose offsets begin anywhere', () => {
    let now = 0;
    const file = terminal(false);
    const progress = new Progress({ terminal: file, colour: false, nowMs: () => now });
    // Offsets 5,000 to 5,200 of one partition, then 900 to 1,100 of another, which goes on at 1,000.
    progress.begin(5000, 400, 0 - 5000);
    for (let i = 0; i < 20; i++) {
      now += 200;
      progress.batch(batchOf(5000 + i * 10, 10));
    }
    progress.begin(1000, 400, 200 - 900);
    for (let i = 0; i < 10; i++) {
      now += 200;
      progress.batch(batchOf(1000 + i * 10, 10));
    }
    progress.end();
    expect(file.texts).toEqual([
      '37 %  150 rows  50 events/s  ETA 0:05  0 anomalies\n',
      '100 %  300 rows  50 events/s  0 anomalies\n',
    ]);
  });
  test('is a line every three seconds where nobody looks', () => {
    let now = 0;
    const file = terminal(false);
    const progress = new Progress({ terminal: file, colour: false, nowMs: () => now });
    progress.begin(500, 2000);
    for (let i = 0; i < 70; i++) {
      now += 100;
      progress.batch(batchOf(500 + i * 10, 10));
    }
    progress.end();
    expect(file.texts).toEqual([
      '40 %  300 rows  100 events/s  ETA 0:12  0 anomalies\n',
      '55 %  600 rows  100 events/s  ETA 0:09  0 anomalies\n',
    ]);
  });
});
