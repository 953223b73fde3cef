import type { Command } from 'commander';
import { endings } from '../connectors/file.js';
import { timeFormats } from '../connectors/times.js';
import { recordFormats } from '../pipelines/record-formats.js';
import * as parse from './arguments.js';

/** What the log is, for every command that reads one. */
export const withLog = (command: Command): Command =>
  command
    .option('--time <column>', 'column of the event time')
    .option('--values <columns>', 'columns to learn, comma between them', parse.parseColumns)
    .option('--category <columns>', 'columns of words (states, log lines), comma between them', parse.parseCategories)
    .option('--key <column>', 'column that says which series a row belongs to')
    .option('--horizons <rows>', 'rows ahead to forecast, such as 1,5,48', parse.parseHorizons)
    .option(
      '--format <name>',
      'what the input is, where its name does not tell',
      parse.parseChoice('--format', [...new Set([...Object.values(endings), ...recordFormats])]),
    )
    .option(
      '--time-format <name>',
      'how times are written, where it cannot be seen',
      parse.parseChoice('--time-format', timeFormats),
    )
    .option('--zone <offset>', 'offset of times that name none, such as +02:00 (default: UTC)')
    .option('--step <time>', 'time from row to row of a log without times, such as 5min', parse.parseStep);
