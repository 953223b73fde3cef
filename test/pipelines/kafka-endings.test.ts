import { expect, test } from 'vitest';
import { RefusedSetting } from '../../connectors/kafka/refused-setting.js';
import { MissingRight } from '../../connectors/kafka/rights.js';
import { endingOf } from '../../pipelines/kafka-endings.js';
import { LostState } from '../../pipelines/kafka-restore.js';
import { StateMismatch } from '../../state/arrow.js';
import { DamagedCheckpoint } from '../../state/checkpoint.js';

test('what another try would meet again ends a run with the error itself', () => {
  for (const kind of [LostState, StateMismatch, DamagedCheckpoint, MissingRight, RefusedSetting]) {
    const error = new kind('why');
    expect(endingOf(error, 'in-0')).toBe(error);
  }
});

test('a record that no topic takes ends it with what to raise', () => {
  const refused = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
  expect(endingOf(new Error('commit', { cause: refused }), 'in-0')?.message).toBe(
    'in-0: an output record is larger than its topic takes: raise max.message.bytes of the output topics above that of the input',
  );
});

test('a connection that is gone does not', () => expect(endingOf(new Error('ECONNRESET'), 'in-0')).toBeUndefined());
