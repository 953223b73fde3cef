import { RefusedSetting } from '../connectors/kafka/refused-setting.js';
import { MissingRight } from '../connectors/kafka/rights.js';
import { isTooLarge } from '../connectors/kafka/writer.js';
import { StateMismatch } from '../state/arrow.js';
import { DamagedCheckpoint } from '../state/checkpoint.js';
import { Hopeless } from './kafka-restore.js';

const endings = [Hopeless, StateMismatch, DamagedCheckpoint, MissingRight, RefusedSetting] as const;

/** With what a run ends because another try would meet it again; undefined where one may go better. */
export function endingOf(error: Error, where: string): Error | undefined {
  if (endings.some((ending) => error instanceof ending)) return error;
  if (!isTooLarge(error)) return undefined;
  const why = 'an output record is larger than its topic takes';
  const advice = 'raise max.message.bytes of the output topics above that of the input';
  return new Error(`${where}: ${why}: ${advice}`, { cause: error });
}
