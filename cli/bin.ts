#!/usr/bin/env node
import { keepRowsYoung } from '../pipelines/heap.js';
import { isBrokenPipe } from './failure.js';
import { processIo } from './io.js';
import { main } from './program.js';

keepRowsYoung();

// A reader that has gone (`engram … | head`) is no failure: what is left to say, nobody wants to hear.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (isBrokenPipe(error)) process.exit(0);
    throw error;
  });
}

const code = await main(process.argv.slice(2), processIo);
// All is done and said: what a client has left open to a broker must not keep the process from ending.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((told) => stream.write('', told))));
process.exit(code);
