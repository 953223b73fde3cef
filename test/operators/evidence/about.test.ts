import { expect, test } from 'vitest';
import { excessOf } from '../../../operators/evidence/about.js';
import { evidenceOf } from '../../../operators/evidence/surprise.js';
import { chance } from '../harness.js';

test('about one usual row in ten is strange by itself, whatever the number of channels', () => {
  for (const channels of [1, 2, 8, 30]) {
    const random = chance(channels);
    let strange = 0;
    for (let i = 0; i < 4000; i++) {
      const tail = Array.from({ length: channels }, () => 1 - random());
      if (excessOf(evidenceOf(tail), channels) > 0) strange++;
    }
    expect(strange / 4000, `${channels} channels`).toBeGreaterThan(0.04);
    expect(strange / 4000, `${channels} channels`).toBeLessThan(0.16);
  }
});
