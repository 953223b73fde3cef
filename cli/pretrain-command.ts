import { Command } from 'commander';
import { netNames } from '../models/net-shapes.js';
import { backendNames } from '../models/pretrain/tfjs.js';
import * as parse from './arguments.js';
import type { Io } from './io.js';
import { withLog } from './log-options.js';
import { type PretrainCommandOptions, parseUntil, parseWhole, pretrainFile } from './pretrain.js';

/** `engram pretrain` with its options. */
export function pretrainCommand(io: Io, done: (code: number) => void): Command {
  return withLog(
    new Command('pretrain')
      .summary('fit the shared weights of a net to a whole log at once')
      .description(
        'Fits the weights of a net to a log with TensorFlow.js and writes them as a checkpoint to begin from.',
      )
      .argument('<input>', 'a file (CSV, NDJSON, Arrow, Parquet; .gz too), or - for standard input')
      .requiredOption('--out <file>', 'the checkpoint, to be named as --weights of replay')
      .option('--memory <name>', 'lstm, mingru, minlstm or ssm', parse.parseChoice('--memory', netNames), 'lstm')
      .option('--pipeline <name|file>', 'the pipeline that the weights are for', 'sensor-anomaly'),
  )
    .option('--until <time>', 'rows at or after this time are not looked at', parseUntil)
    .option(
      '--backend <name>',
      'native, wasm or cpu (default: the first of these that loads)',
      parse.parseChoice('--backend', backendNames),
    )
    .option('--epochs <n>', 'times the log is gone through at most (default: 40)', parseWhole('--epochs'))
    .option('--steps <rows>', 'rows of one sequence (default: 64)', parseWhole('--steps'))
    .option('--seed <n>', 'what chance begins from (default: 1)', parseWhole('--seed'))
    .option('--quiet', 'no progress and no summary, only errors')
    .option('--verbose', 'errors with the place in the program')
    .action(async (input: string, options: PretrainCommandOptions) => done(await pretrainFile(input, options, io)));
}
