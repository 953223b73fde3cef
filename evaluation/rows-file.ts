import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Recorder } from './benchmark.js';
import { timeText } from './data/table.js';

const header = {
  forecast: 'series,origin_row,horizon,channel,truth,prediction',
  anomaly: 'series,row,timestamp,value,score,alarm',
} as const;

/** Text gathered before it is written. */
const blockChars = 1 << 18;

/** A CSV file of what was scored, row by row, with every digit of the numbers. */
export class RowsFile implements Recorder {
  readonly path: string;
  readonly #file: number;
  #text: string;

  constructor(folder: string, { name, kind }: Benchmark, memory: string) {
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${name}-${memory}.csv`);
    this.#file = openSync(this.path, 'w');
    this.#text = `${header[kind]}\n`;
  }

  forecast(series: string, origin: number, horizon: number, channel: string, truth: number, prediction: number): void {
    this.#write(`${series},${origin},${horizon},${field(channel)},${truth},${prediction}\n`);
  }

  /** Several channels share one field, separated by spaces. */
  score(
    series: string,
    row: number,
    timeMs: number,
    values: readonly number[],
    { score, alarm }: { readonly score: number; readonly alarm: boolean },
  ): void {
    this.#write(`${series},${row},${timeText(timeMs)},${values.join(' ')},${score},${Number(alarm)}\n`);
  }

  close(): void {
    appendFileSync(this.#file, this.#text);
    closeSync(this.#file);
  }

  #write(line: string): void {
    this.#text += line;
    if (this.#text.length < blockChars) return;
    appendFileSync(this.#file, this.#text);
    this.#text = '';
  }
}

const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
