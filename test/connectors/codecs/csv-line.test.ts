import { expect, test } from 'vitest';
import { csvLineCodec } from '../../../connectors/codecs/csv-line.js';
import { recordOf } from '../../kafka/registry-server.js';

const codec = csvLineCodec({ columns: ['id', 'note', 'v'] });
const read = (line: string) => codec.fields(Buffer.from(line), ['v', 'note', 'other'], recordOf(Buffer.from(line)));

test.each([
  ['a,b,3', ['3', 'b', undefined]],
  ['a,,3\r\n', ['3', '', undefined]],
  ['a,"x, ""y""",3', ['3', 'x, "y"', undefined]],
  ['a,"",', ['', '', undefined]],
])('%j', (line, cells) => expect(read(line)).toEqual(cells));

test.each([
  ['a,b', 'missing-column'],
  ['', 'missing-column'],
  ['a,b,3,4', 'extra-column'],
  ['a,"b,3', 'bad-quote'],
  ['a,"b"x,3', 'bad-quote'],
])('%j is refused: %s', (line, reason) => expect(read(line)).toMatchObject({ reason }));

test('settings that cannot work are refused', () => {
  expect(() => csvLineCodec({ columns: [] })).toThrow(/got none/);
  expect(() => csvLineCodec({ columns: ['a'], delimiter: '"' })).toThrow(/one character/);
});
