import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BrokenJson, parseJson } from '../../connectors/json-text.js';

function fault(text: string): BrokenJson | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(BrokenJson);
    return error as BrokenJson;
  }
}

const file = `{
  "name": "mine",
  "stages": [
    {"normalize": {}},
  ]
}`;

test.each([
  ['', 'line 1, column 1: expected a value, got the end of the text'],
  [file, 'line 5, column 3: expected a value, got ]: take out the comma before it'],
  [file.replace('},\n', '}\n').replace('"mine",', '"mine"'), 'line 3, column 3: expected "," or "}", got "'],
  ['{"a": 1,}', 'line 1, column 9: expected a name in double quotes, got }: take out the comma before it'],
  ["{'a': 1}", "line 1, column 2: expected a name in double quotes, got ': texts stand in double quotes"],
  ['{"a": 1 // one\n}', 'line 1, column 9: expected "," or "}", got /: JSON has no comments, take it out'],
  ['{\r\n"a" 1}', 'line 2, column 5: expected ":", got 1'],
  ['[1, 2', 'line 1, column 6: expected "," or "]", got the end of the text'],
  ['[1] 2', 'line 1, column 5: expected the end, got 2'],
  ['{"a": hunter2}', 'line 1, column 7: expected a value, got h'],
  ['["one\n"]', 'line 1, column 6: expected the double quote that ends the text, got the end of the line'],
  ['["C:\\data"]', 'line 1, column 5: expected a backslash only before "\\/bfnrt, or u and four digits, got \\'],
  ['[01]', 'line 1, column 3: expected "," or "]", got 1'],
  ['\ufeff{}', 'line 1, column 1: expected a value, got U+FEFF: save the file without a byte order mark'],
  ['[\u001b[2J]', 'line 1, column 2: expected a value, got U+001B'],
])('%j: %s', (text, message) => {
  expect(fault(text)?.message).toBe(message);
});

test('what it calls broken is what JSON.parse does not take, and all before the fault could go on (seed 7)', () => {
  const spoilt = fc
    .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom(...'{}[]",:\\\n 0e.-tu', ''))
    .map(([json, at, sign]) => {
      const place = at % (json.length + 1);
      return [json.slice(0, place) + sign + json.slice(place + 1), json] as const;
    });
  let broke = 0;
  fc.assert(
    fc.property(spoilt, ([text, json]) => {
      expect(parseJson(json)).toEqual(JSON.parse(json));
      const found = fault(text);
      if (!found) return;
      broke++;
      const lines = text.split('\n');
      const at = lines.slice(0, found.line - 1).join('\n').length + (found.line > 1 ? 1 : 0) + found.column - 1;
      const rest = fault(text.slice(0, at));
      expect(rest === undefined || [rest.line, rest.column].join() === [found.line, found.column].join()).toBe(true);
      expect(found.why.length).toBeLessThan(120);
    }),
    { seed: 7, numRuns: 3000 },
  );
  expect(broke).toBeGreaterThan(500);
});

test('a text of ten million signs that never ends is told, and one of a million brackets', () => {
  expect(fault(`"${'x'.repeat(1e7)}`)?.column).toBe(1e7 + 2);
  expect(fault('['.repeat(1e6))?.column).toBe(1e6 + 1);
});
