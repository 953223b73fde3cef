import { Command, CommanderError } from 'commander';
import { verdicts } from '../event.js';
import { type MemoryName, memories } from '../models/catalog.js';
import { parseAlarmBudget } from './alarm-budget.js';
import { addSilence, type MarkOptions, markAnomaly, type SilenceOptions } from './alert-hand.js';
import { type PreviewOptions, previewAlerts } from './alert-preview.js';
import * as parse from './arguments.js';
import { parseBytes } from './budget.js';
import { type CompareOptions, compare } from './compare.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import { evaluateAll } from './evaluate-all.js';
import { describeFailure, exitCodes, isBrokenPipe, UsageError } from './failure.js';
import { more } from './help.js';
import { type InspectOptions, inspect } from './inspect.js';
import type { Io } from './io.js';
import { withLog } from './log-options.js';
import { parseOut } from './outputs.js';
import { showPipelines } from './pipelines.js';
import { pretrainCommand } from './pretrain-command.js';
import { type ReplayOptions, replay } from './replay.js';
import { type RunFileOptions, runFile } from './run.js';
import { version } from './version.js';

/** Runs the command; returns the exit code and throws nothing. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.done;
  const program = commands(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (isBrokenPipe(error)) return exitCodes.done;
    io.stderr.write(`${describeFailure(error, args.includes('--verbose'))}\n`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
}

/** The command line; `done` is told the exit code of what ran. */
export function commands(io: Io, done: (code: number) => void): Command {
  const program = new Command('engram')
    .description(
      'Reads streams of events, learns from every one, forecasts what comes next and tells what should not have been.',
    )
    .version(version(), '--version', 'print the version')
    .helpCommand(false);
  program.addCommand(replayCommand(io, done));
  program.addCommand(runCommand(io, done));
  program.addCommand(inspectCommand(io, done));
  program.addCommand(pretrainCommand(io, done));
  program.addCommand(compareCommand(io, done));
  program.addCommand(evaluateCommand(io, done));
  program.addCommand(pipelinesCommand(io));
  program.addCommand(alertsCommand(io, done));
  const nested = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const command of [program, ...nested]) {
    const name = command.name() as keyof typeof more;
    command
      .helpOption('--help', 'print this')
      .addHelpText('after', more[name] ?? '')
      .configureHelp({ helpWidth: Math.min(io.stdout.columns ?? 110, 118) })
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        // Said once, by `main`.
        outputError: () => {},
      })
      .exitOverride((error) => {
        throw error.exitCode === 0 || error.code === 'commander.help'
          ? error
          : new UsageError(sentence(error, calledAs(command)));
      });
  }
  return program;
}

/** The command as it is typed: `alerts mark`. */
function calledAs(command: Command): string {
  const outer = command.parent;
  return outer?.parent ? `${calledAs(outer)} ${command.name()}` : command.name();
}

/** What commander found wrong as one line: what was expected, what came, the nearest name, and where to read on. */
function sentence({ code, message }: CommanderError, name: string): string {
  const help = `${name === 'engram' ? 'engram' : `engram ${name}`} --help tells what there is`;
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? [];
  const [, near] = /Did you mean (?:one of )?(.*)\?\)/.exec(message) ?? [];
  const meant = near ? ` (did you mean "${near}"?)` : '';
  switch (code) {
    case 'commander.unknownOption':
      return `there is no option ${quoted}${meant}: ${help}`;
    case 'commander.unknownCommand':
      return `there is no command ${quoted}${meant}: ${help}`;
    case 'commander.missingArgument':
      return `${name}: expected ${quoted === 'input' ? 'an input (a file, or - for standard input)' : `a ${quoted}`}, got nothing: ${help}`;
    case 'commander.optionMissingArgument':
      return `${quoted.split(' ')[0]}: expected ${quoted.split(' ')[1] ?? 'a value'} after it, got nothing: ${help}`;
    case 'commander.missingMandatoryOptionValue':
      return `${name}: expected ${quoted}, it is missing: ${help}`;
    case 'commander.excessArguments':
      return `${name}: ${message.replace(/^.*Expected (\d+ arguments?) but got (\d+).*$/s, 'expected $1, got $2')}: ${help}`;
    default:
      return `${message.replace(/^error: /, '').replaceAll('\n', ' ')}: ${help}`;
  }
}

const collect =
  <T>(parseOne: (text: string) => T) =>
  (text: string, before: readonly T[] = []): T[] => [...before, parseOne(text)];

function replayCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command('replay')
    .summary('read a log through a pipeline: forecasts, anomalies, a report')
    .description('Reads a log of events through a pipeline and writes forecasts and anomalies.')
    .argument(
      '<input>',
      'a file (CSV, NDJSON, Arrow, Parquet; .gz too), - for standard input, or kafka://host:port/topic?from=…&to=…',
    )
    .option(
      '--pipeline <name|file>',
      'a shipped pipeline (see engram pipelines), a .json file or a module (default: sensor-anomaly, or that of --run)',
    )
    .option('--run <file>', 'a file of engram run: cluster, login, decoding and pipeline of a topic are taken from it');
  return withLog(command)
    .option(
      '--memory <name>',
      'what remembers; the default is a mixture that needs no tuning',
      parse.parseChoice('--memory', Object.keys(memories) as MemoryName[]),
    )
    .option(
      '--weights <own|shared|file>',
      'shared: one net for all keys, some kB each (lstm, mingru, minlstm, ssm); a file of engram pretrain: begin with its weights',
    )
    .option(
      '--budget <alarms>',
      'false alarms that are all right: 1/key/7d, 50/all/1d, 1/key/2000rows (the default), fdr:0.1; see below',
      parseAlarmBudget,
    )
    .option('--state-bytes <size>', 'memory for all keys, such as 3GiB (default: 2GiB)', parseBytes('--state-bytes'))
    .option('--key-bytes <size>', 'refuse to start where a key takes more, such as 64KiB', parseBytes('--key-bytes'))
    .option(
      '--out <place>',
      'where results go, any number of times (.ndjson .arrow .parquet, -, or kafka://host:port/topic); see below',
      collect(parseOut),
    )
    .option('--state <dir>', 'folder for checkpoints: the same command goes on where it was', parse.parseState)
    .option('--checkpoint-rows <n>', 'rows between two checkpoints (default: 20000)', parse.parseCheckpointRows)
    .option('--fresh', 'begin at the first row, whatever --state holds')
    .option('--alerts <file|json>', 'what becomes an alert and where alerts go: see docs/ALERTS.md')
    .option('--marks <file>', 'what operators said of anomalies: see engram alerts mark')
    .option('--report <file.html>', 'one page with charts, self-contained', parse.parseReport)
    .option(
      '--speed <n>',
      'event time passes so many times as fast as it did, such as 60x; else as fast as it can',
      parse.parseSpeed,
    )
    .option('--quiet', 'no progress and no summary, only errors')
    .option('--verbose', 'errors with the place in the program')
    .action(async (input: string, options: ReplayOptions) => done(await replay(input, options, io)));
}

function runCommand(io: Io, done: (code: number) => void): Command {
  return new Command('run')
    .summary('read Kafka topics through a pipeline, exactly once, until stopped')
    .description('Joins a consumer group and writes forecasts, anomalies and dead letters of a topic, exactly once.')
    .argument('<file>', 'a .json file or a module that says what to read, how, and where to')
    .option('--state-bytes <size>', 'memory for all keys, such as 3GiB (default: 2GiB)', parseBytes('--state-bytes'))
    .option('--key-bytes <size>', 'refuse to start where a key takes more, such as 64KiB', parseBytes('--key-bytes'))
    .option('--quiet', 'no log lines, only errors')
    .option('--verbose', 'errors with the place in the program')
    .action(async (file: string, options: RunFileOptions) => done(await runFile(file, options, io)));
}

function pipelinesCommand(io: Io): Command {
  return new Command('pipelines')
    .summary('list the shipped pipelines, or print one as JSON')
    .description('Lists the shipped pipelines with the settings of their steps; with a name, prints that one as JSON.')
    .argument('[name]', 'a shipped pipeline')
    .action((name: string | undefined) => void io.stdout.write(showPipelines(name)));
}

function alertsCommand(io: Io, done: (code: number) => void): Command {
  const preview = withLog(
    new Command('preview')
      .summary('what rules would have made of a log or of stored anomalies')
      .description('Tells which alerts rules would have made: per day, per key, as a table, a chart and a page.')
      .argument('<input>', 'a log as engram replay reads it, or an NDJSON file of anomalies')
      .option('--pipeline <name|file>', 'what finds the anomalies of a log', 'sensor-anomaly')
      .option('--budget <alarms>', 'false alarms that are all right, such as 1/key/7d or 50/all/1d', parseAlarmBudget),
  )
    .option('--rule <file|json>', 'a rule or a list, any number of times (default: of the pipeline)', collect(String))
    .option('--from <time>', 'first moment of event time, such as 2026-01-31', parse.parseMoment('--from'))
    .option('--to <time>', 'last moment', parse.parseMoment('--to'))
    .option('--json', 'as JSON, with every alert')
    .option('--report <file.html>', 'one page with charts, self-contained', parse.parseReport)
    .option('--verbose', 'errors with the place in the program')
    .action(async (input: string, options: PreviewOptions) => done(await previewAlerts(input, options, io)));
  const mark = new Command('mark')
    .summary('say that an anomaly was expected or real: the detector takes it in')
    .description('Adds a mark to a file that engram replay --marks reads: an input at a place of the log, like a row.')
    .argument('<file>', 'NDJSON file with the alert or the anomaly')
    .requiredOption('--id <id>', 'id of the alert or of the anomaly')
    .requiredOption('--verdict <word>', 'expected or real', parse.parseChoice('--verdict', [...verdicts]))
    .requiredOption('--marks <file>', 'where marks are kept')
    .option(
      '--at <offset>',
      'place in the log; by default right behind an anomaly, while an alert needs this or --state',
      parse.parseOffset,
    )
    .option('--state <dir>', 'place it behind all that this state has read', parse.parseState)
    .option('--verbose', 'errors with the place in the program')
    .action(async (file: string, options: MarkOptions) => done(await markAnomaly(file, options, io)));
  const silence = new Command('silence')
    .summary('hold alerts back from people for a time')
    .description('Adds a silence to the file that "silencesFile" of a section alerts names; a run at work takes it up.')
    .argument('<file>', 'JSON file of silences')
    .requiredOption('--match <label=pattern>', 'which alerts, any number of times', collect(String))
    .requiredOption('--for <time>', 'how long, such as 2h', parse.parseSpan('--for', 'how long'))
    .option('--from <time>', 'event time it begins at (default: now)', parse.parseMoment('--from'))
    .option('--name <name>', 'its name in silenced alerts')
    .option('--comment <text>', 'why')
    .option('--verbose', 'errors with the place in the program')
    .action(async (file: string, options: SilenceOptions) => done(await addSilence(file, options, io)));
  return new Command('alerts')
    .summary('preview rules, mark anomalies, silence alerts')
    .description(
      'Rules tried on history, marks for the detector, silences. Alerts themselves come from replay and run.',
    )
    .helpCommand(false)
    .addCommand(preview)
    .addCommand(mark)
    .addCommand(silence);
}

function inspectCommand(io: Io, done: (code: number) => void): Command {
  return new Command('inspect')
    .summary('show what is remembered: checkpoints, steps, keys, differences')
    .description(
      'Shows what checkpoints hold: generations, steps, keys and bytes, one series, or how two of them differ.',
    )
    .argument('<dir>', 'a state folder, one shard in it, or one checkpoint file')
    .option('--key <name>', 'all that every step remembers of this series')
    .option('--diff <dir>', 'compare with the newest checkpoints there; the exit code is 1 if they differ')
    .option('--json', 'as JSON')
    .option('--full', 'all numbers and differences instead of the first')
    .option('--verbose', 'errors with the place in the program')
    .action(async (path: string, options: Omit<InspectOptions, 'path'>) =>
      done(await inspect({ ...options, path }, (text) => void io.stdout.write(text))),
    );
}

function compareCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command('compare')
    .summary('put a second configuration beside the one in use, on one log')
    .description('Runs two configurations over one log and shows error, coverage, alarms, state and time of each.')
    .argument('<input>', 'a file (CSV, NDJSON, Arrow, Parquet; .gz too), or - for standard input')
    .option('--champion <name|file>', 'the pipeline in use: a shipped one, or JSON', 'sensor-anomaly')
    .option('--challenger <name|file>', 'the pipeline it is compared with (default: the same)')
    .option(
      '--memory <name>',
      "the challenger's memory",
      parse.parseChoice('--memory', Object.keys(memories) as MemoryName[]),
    );
  return withLog(command)
    .option('--budget <alarms>', 'false alarms all right for both, such as 1/key/7d', parseAlarmBudget)
    .option('--json <file>', 'write the figures as JSON')
    .option('--verbose', 'errors with the place in the program')
    .action(async (input: string, options: CompareOptions) => done(await compare(input, options, io)));
}

function evaluateCommand(io: Io, done: (code: number) => void): Command {
  return new Command('evaluate')
    .summary('put memories to the test of a published protocol')
    .description(
      'Scores memories by a published protocol, with persistence, seasonal naive and least squares beside them.',
    )
    .argument('<benchmark>', 'one of the protocols below, or all')
    .option(
      '--data <dir>',
      'folder with the data of the benchmark, or the one that holds it (synthetic and sequences need none)',
    )
    .option('--memory <names>', 'memories to test, comma between them (default: default)')
    .option('--seeds <n>', 'random starts of each memory that begins with chance (default: 1; sequences: 10)')
    .option('--head <name>', 'gaussian, density, quantile, classifier (of HTM) or none: bands alone (default: none)')
    .option(
      '--detector <names>',
      'all, surprise, conformal, or likelihood: HTM alone (default: all; htm: likelihood too)',
    )
    .option('--only <names>', 'with all: benchmarks to run, comma between them')
    .option('--json <file>', 'write the metrics as JSON')
    .option('--out <dir>', 'write what was scored, row by row, as CSV')
    .option('--leak-test', 'also replace the rows after some moments by noise: nothing said before may change')
    .option('--verbose', 'errors with the place in the program')
    .action(async (name: string, options: EvaluateOptions) =>
      done(name === 'all' ? await evaluateAll(options, io) : await evaluate(name, options, io)),
    );
}
