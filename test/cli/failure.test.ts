import { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { describeFailure, isBrokenPipe, UsageError } from '../../cli/failure.js';
import { main } from '../../cli/program.js';
import { dailyCsv } from './command.js';

test('an error is its message, and with --verbose also its place and cause', () => {
  const error = new UsageError('expected this', { cause: new Error('deeper') });
  expect(describeFailure(error, false)).toBe('engram: expected this');
  expect(describeFailure(error, true)).toMatch(/expected this\n {4}at [\s\S]*caused by Error: deeper\n {4}at /);
});
test('a fault of the program is called one', () =>
  expect(describeFailure(new TypeError('x is not a function'), false)).toBe(
    'engram: a fault of the program: x is not a function. The same command with --verbose shows where.',
  ));
test('what is no error is shown as it is', () => expect(describeFailure('odd', false)).toBe('engram: odd'));

test('a reader that has gone ends the command quietly', async () => {
  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  expect(isBrokenPipe(gone)).toBe(true);
  let said = '';
  const stdout = new Writable({ write: (_, __, done) => done(gone) });
  stdout.on('error', () => {});
  const stderr = new Writable({
    write(chunk, _, done) {
      said += String(chunk);
      done();
    },
  });
  const io = {
    stdin: Readable.from([Buffer.from(dailyCsv(20))]),
    stdout,
    stderr,
    env: {},
    nowMs: () => 0,
    onInterrupt: () => () => {},
  };
  expect(await main(['replay', '-', '--pipeline', 'light', '--out', '-'], io)).toBe(0);
  expect(said).toBe('');
});
