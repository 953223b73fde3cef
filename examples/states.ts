/**
 * A sequence of words instead of numbers: states of a machine, log templates, places on a route. One word a line comes in;
 * for each a line goes out with how much of it was not expected (0 to 1), and the words expected next, the likeliest first.
 *
 *   npm run setup && printf 'open\nread\nclose\n%.0s' $(seq 50) | node dist/examples/states.js | tail -3
 */
import { createInterface } from 'node:readline';
import { codeDefaults, codeMemory, Slab } from '../index.js';

/** Words told apart; a new one beyond that is refused, so that state stays bounded. */
const wordsMax = 1000;
const memory = codeMemory({ ...codeDefaults, codes: wordsMax });
const slab = new Slab(memory.layout);
const own = slab.row(slab.add());
memory.start(own, 1);

const codes = new Map<string, number>();
const words: string[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  const word = line.trim();
  if (word === '') continue;
  let code = codes.get(word);
  if (code === undefined) {
    if (words.length === wordsMax) {
      throw new RangeError(
        `${JSON.stringify(word)}: expected at most ${wordsMax} different words; name templates, not lines`,
      );
    }
    code = words.length;
    codes.set(word, code);
    words.push(word);
  }
  const unexpected = 1 - memory.step(own, code);
  const next = memory.next(own, [...words.keys()], 3).map((expected) => words[expected]);
  console.log(JSON.stringify({ word, unexpected: Number(unexpected.toFixed(3)), next }));
}
