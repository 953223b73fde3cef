/**
 * Kills a replay with SIGKILL at random moments, starts it again until the log is done, and compares every output with
 * that of an undisturbed run, byte by byte. Goes on with fresh runs until the wanted number of kills was survived.
 *
 *   node dist/bench/chaos-replay.js [--kills 200] [--seed 1] [--json FILE]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const killsWanted = Number(options.kills);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const outputs = ['forecasts.ndjson', 'anomalies.ndjson', 'forecasts.arrow', 'forecasts.parquet'];
/** Restarts of one run after which it is taken to be stuck. */
const restartsMax = 200;

/** mulberry32: a small generator with one word of state, so that a seed names a run. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Replays the taxi log into `folder`; resolves with the time it took, or undefined if it was killed after `killMs`. */
function replay(folder: string, killMs?: number): Promise<number | undefined> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(root, 'dist/cli/bin.js'),
      ...['replay', join(root, 'data/nyc_taxi.csv'), '--time', 'timestamp', '--values', 'value', '--quiet'],
      ...['--state', join(folder, 'state'), '--checkpoint-rows', '700'],
      ...outputs.flatMap((name) => ['--out', join(folder, name)]),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return new Promise((resolve, reject) => {
    const timer = killMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killMs);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0) resolve(performance.now() - started);
      else reject(new Error(`the replay ended with code ${code}`));
    });
  });
}

const work = mkdtempSync(join(tmpdir(), 'engram-chaos-'));
const random = chance(Number(options.seed));
const calm = join(work, 'calm');
mkdirSync(calm);
const calmMs = (await replay(calm)) as number;
const expected = new Map(outputs.map((name) => [name, readFileSync(join(calm, name))]));

let kills = 0;
let runs = 0;
const differing: string[] = [];
while (kills < killsWanted) {
  const folder = join(work, `run-${runs}`);
  mkdirSync(folder);
  let restarts = 0;
  for (;;) {
    // From the first milliseconds of the process to the very end of a whole replay.
    const killMs = kills < killsWanted ? random() * calmMs * 1.05 : undefined;
    if ((await replay(folder, killMs)) !== undefined) break;
    kills++;
    if (++restarts > restartsMax)
      throw new Error(`seed ${options.seed}, run ${runs}: not done after ${restarts} restarts`);
  }
  for (const [name, bytes] of expected) {
    if (!readFileSync(join(folder, name)).equals(bytes)) differing.push(`run ${runs}: ${name}`);
  }
  rmSync(folder, { recursive: true });
  runs++;
  console.error(`${kills} kills survived in ${runs} runs, ${differing.length} outputs differ`);
}
const result = { seed: Number(options.seed), kills, runs, outputs, differing };
console.log(JSON.stringify(result));
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
rmSync(work, { recursive: true });
process.exitCode = differing.length === 0 ? 0 : 1;
