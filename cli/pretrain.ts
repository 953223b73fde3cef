import { writeFile } from 'node:fs/promises';
import { type BackendName, backendOf } from '../models/pretrain/tfjs.js';
import { loadPipeline } from '../pipelines/load.js';
import { type Pretraining, type PretrainProgress, pretrain } from '../pipelines/pretrain.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';
import { count, figure, plural, span } from './numbers.js';
import { type LogOptions, sourceOf, usage } from './source.js';
import { Screen } from './view/screen.js';
import { cut, plain } from './view/text.js';

/** The options of `engram pretrain`, parsed. */
export interface PretrainCommandOptions extends LogOptions {
  readonly out: string;
  readonly memory: string;
  readonly pipeline: string;
  readonly horizons?: readonly number[];
  readonly until?: number;
  readonly backend?: BackendName;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly quiet?: boolean;
}

/** A moment such as `2014-12-01` or `2014-12-01T12:00Z`, in UTC where it names no zone. */
export function parseUntil(text: string): number {
  const dated = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text.trim());
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text.trim().slice(10)) || !/[T ]/.test(text.trim());
  const ms = dated ? Date.parse(text.trim().replace(' ', 'T') + (zoned ? '' : 'Z')) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`--until: expected a time such as 2014-12-01 or 2014-12-01T12:00Z, got ${JSON.stringify(text)}`);
}

/** A whole number of at least 1. */
export const parseWhole =
  (option: string) =>
  (text: string): number => {
    if (/^[1-9]\d{0,8}$/.test(text.trim())) return Number(text);
    throw new UsageError(`${option}: expected a whole number of at least 1, got ${JSON.stringify(text)}`);
  };

/** Fits a net to a log, shows how it goes, writes its weights, and says what they are worth on the newest rows. */
export async function pretrainFile(input: string, options: PretrainCommandOptions, io: Io): Promise<number> {
  const { memory, horizons, until, backend: wanted, epochs, steps, seed, out, quiet = false } = options;
  const overrides = { memory, weights: 'shared', ...(horizons ? { horizons } : {}) };
  const pipeline = await usage(() => loadPipeline(options.pipeline, overrides));
  const source = await usage(async () => sourceOf(input, options, io));
  const opening = await usage(() => source.open());
  const backend = await backendOf(wanted, [io.env.ENGRAM_PEERS ?? '.cache/peers']);
  const say = (text: string): void => void (quiet || io.stderr.write(`${text}\n`));
  for (const line of backend.missing) say(`TensorFlow.js, ${line}`);
  say(`TensorFlow.js ${backend.tf.version_core}, backend ${backend.name}`);
  const stop = new AbortController();
  const off = io.onInterrupt(() => stop.abort());
  const bar = quiet ? undefined : new Bar(io);
  const startMs = io.nowMs();
  try {
    const made = await pretrain({
      pipeline,
      source: { open: () => Promise.resolve(opening), read: (...given) => source.read(...given) },
      backend,
      ...(until === undefined ? {} : { untilMs: until }),
      ...(epochs === undefined ? {} : { epochs }),
      ...(steps === undefined ? {} : { steps }),
      ...(seed === undefined ? {} : { seed }),
      onRows: (rows) => bar?.draw(0, `${count(rows)} rows read`),
      onProgress: (progress) => {
        bar?.draw(...progressOf(progress));
        return !stop.signal.aborted;
      },
    });
    bar?.end();
    await writeFile(out, made.bytes);
    if (!quiet) io.stdout.write(summary(made, out, (io.nowMs() - startMs) / 1000));
    return stop.signal.aborted ? exitCodes.interrupted : exitCodes.done;
  } finally {
    bar?.end();
    off();
  }
}

/** How much of all channels is done, and where that is. */
export function progressOf(progress: PretrainProgress): [share: number, text: string] {
  const { epoch, epochs, done, loss, validation, channel, nth, channels } = progress;
  const of = channels > 1 ? `${plain(channel)} (${nth + 1} of ${channels})  ` : '';
  return [
    (nth + (epoch - 1 + done) / epochs) / channels,
    `${of}epoch ${epoch} of at most ${epochs}  loss ${figure(loss)}  best judged ${figure(validation)}`,
  ];
}

function summary({ fits, channels, rows, bytes }: Pretraining, out: string, seconds: number): string {
  const lines = fits.map(
    (fit, c) =>
      `${channels[c]}: loss on the newest ${plural(fit.judgedRows, 'row')} ${figure(fit.before)} before, ${figure(fit.after)} after ` +
      `${plural(fit.epochs, 'epoch')} over ${plural(fit.learnedRows, 'row')}`,
  );
  const written = `${plural(rows, 'row')} in ${span(seconds)}; written: ${out}, ${count(bytes.length)} bytes`;
  return `${[...lines, written, `Begin with it: engram replay … --weights ${out}`].join('\n')}\n`;
}

const drawEveryMs = 100;
const cells = 24;

/** How far a fit is: a bar on a terminal, a line now and then elsewhere. */
class Bar {
  readonly #screen: Screen;
  #shownMs: number;

  constructor(readonly io: Io) {
    this.#screen = new Screen(io.stderr);
    this.#shownMs = io.nowMs();
  }

  draw(share: number, text: string): void {
    const nowMs = this.io.nowMs();
    const { stderr } = this.io;
    if (nowMs - this.#shownMs < (stderr.isTTY ? drawEveryMs : 30 * drawEveryMs)) return;
    this.#shownMs = nowMs;
    const full = Math.round(share * cells);
    const line = `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${Math.floor(100 * share)} %  ${text}`;
    if (stderr.isTTY) this.#screen.draw([cut(line, this.#screen.width - 1)]);
    else stderr.write(`${line}\n`);
  }

  end(): void {
    this.#screen.release();
  }
}
