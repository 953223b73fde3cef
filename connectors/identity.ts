import { createHash } from 'node:crypto';
import type { Columns } from './columns.js';
import { json } from './rejects.js';

/**
 * What the rows of a table hang on, as text for people, and a hash that tells it from any other table: of the header and
 * the first row that has all its cells. Neither where the table lies nor how long it is: a log may be moved, and may grow.
 */
export function identityOf(settings: string, columns: Columns, first: readonly unknown[] | undefined): string {
  const { names, channels, categories, time, timeFormat, zoneMs, key, step } = columns;
  const parts = [
    settings,
    time < 0 ? `step ${step} ms` : `time ${names[time]} as ${timeFormat}, zone ${zoneMs / 60_000} min`,
    key < 0 ? 'no key' : `key ${names[key]}`,
    `values ${channels.join(', ')}`,
    ...(categories.length > 0 ? [`of words ${categories.join(', ')}`] : []),
  ];
  // The parts are hashed as well, so that no column name can pass for two.
  const whole = [...parts, channels, names, first === undefined ? [] : [...first]];
  const hash = createHash('sha256')
    .update(json(whole) ?? '')
    .digest('hex')
    .slice(0, 16);
  return [...parts, `header and first row ${hash}`].join('; ');
}
