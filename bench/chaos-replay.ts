/**
 * Kills replays with SIGKILL at random moments, starts them again until the log is done, and compares every output with
 * that of an undisturbed run, byte by byte. Goes on with fresh runs until the wanted number of kills was survived, half
 * of them by the taxi log in the shipped pipeline, half by a log with everything wrong that a log can have.
 *
 *   node dist/bench/chaos-replay.js [--kills 200] [--seed 1] [--scenarios taxi,dirty] [--json FILE]
 *
 * A third scenario, `contested`, has a champion and a challenger that swap and swap back in the middle of the log.
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
    scenarios: { type: 'string', default: 'taxi,dirty' },
    json: { type: 'string' },
  },
});
const seed = Number(options.seed);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Restarts of one run after which it is taken to be stuck. */
const restartsMax = 200;

/** A log, how it is replayed, and what must come out the same. */
interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  /** Files named by `--out`. */
  readonly outputs: readonly string[];
  /** Rejects that there must be: a scenario that meets none of them proves nothing. */
  readonly reasons: readonly string[];
}

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

const keys = ['pump', 'belt "2"', 'Öfen, links', 'valve', 'fan'];
const stepMs = 60_000;

/**
 * Five series in one file: values that are none, times that are none, lines that are cut or doubled, rows out of order
 * and rows far too late, short gaps and long ones, and spikes.
 */
function dirtyCsv(rows: number, random: () => number): string {
  const lines: string[] = [];
  const waiting: { readonly due: number; readonly line: string }[] = [];
  const gapUntil = keys.map(() => 0);
  for (let i = 0; i < rows; i++) {
    for (let at = waiting.length - 1; at >= 0; at--)
      if (waiting[at].due <= i) lines.push(...waiting.splice(at, 1).map(({ line }) => line));
    const key = Math.floor(random() * keys.length);
    const point = Math.floor(i / keys.length);
    if (random() < 0.01) gapUntil[key] = point + Math.floor(random() * 25);
    if (point < gapUntil[key]) continue;
    const time = new Date(Date.UTC(2024, 0, 1) + point * stepMs + Math.floor(random() * 5_000)).toISOString();
    const name = `"${keys[key].replaceAll('"', '""')}"`;
    const spike = random() < 0.004 ? 500 : 0;
    const values = [
      50 + key * 10 + 20 * Math.sin(point / 20) + random() * 4 + spike,
      random() < 0.5 ? 0 : random() * 9,
    ];
    const line = `${time},${name},${values.map((value) => value.toFixed(2)).join(',')}`;
    const luck = random();
    if (luck < 0.01) lines.push(line.replace(/,[^,]*$/, ',much'));
    else if (luck < 0.02) lines.push(`yesterday,${name},1,2`);
    else if (luck < 0.03) lines.push(line.slice(0, Math.floor(line.length / 2)));
    else if (luck < 0.04) lines.push(line.replace(/,[^,]*$/, ',1e300'));
    else if (luck < 0.06) lines.push(line.replace(/,[^,]*$/, ','));
    else if (luck < 0.08) lines.push(line, line);
    else if (luck < 0.18) waiting.push({ due: i + 1 + Math.floor(random() * 8), line });
    else if (luck < 0.2) waiting.push({ due: i + 60 + Math.floor(random() * 200), line });
    else lines.push(line);
  }
  return `time,machine,level,flow\n${lines.join('\n')}\n`;
}

const dirtyPipeline = {
  name: 'dirty',
  stages: [
    { reorder: { latenessMs: 3 * stepMs, duplicates: 'reject' } },
    { align: { stepMs, maxGapRows: 10, collide: 'first' } },
    { normalize: {} },
    { remember: { memory: 'last-value', horizons: [1, 3] } },
    { interval: {} },
    { detect: {} },
    { episode: { report: 'changes' } },
    { evaluate: {} },
    { 'drop-filled': {} },
  ],
};

/** Two configurations with another memory each, one of which takes charge for a third of the log. */
const contestedPipeline = (rows: number) => {
  const side = (memory: string) => ({
    name: memory,
    stages: [{ remember: { memory, horizons: [1, 3] } }, { interval: {} }, { detect: {} }],
  });
  const swaps = [
    { at: Math.round(rows / 3), to: 'challenger' },
    { at: Math.round((2 * rows) / 3), to: 'champion' },
  ];
  const contest = { champion: side('last-value'), challenger: side('seasonal-naive'), swaps };
  const stages = dirtyPipeline.stages.flatMap((stage): object[] => {
    if ('remember' in stage) return [{ challenge: contest }];
    return 'interval' in stage || 'detect' in stage ? [] : [stage];
  });
  return { name: 'contested', stages };
};

/** The scenarios, with what they need written into `work`. */
function scenariosIn(work: string): Scenario[] {
  const log = join(work, 'dirty.csv');
  const pipeline = join(work, 'dirty.json');
  writeFileSync(log, dirtyCsv(12_000, chance(seed)));
  writeFileSync(pipeline, JSON.stringify(dirtyPipeline));
  const outputs = ['forecasts.ndjson', 'anomalies.ndjson', 'forecasts.arrow', 'forecasts.parquet'];
  const shortLog = join(work, 'contested.csv');
  const contested = join(work, 'contested.json');
  writeFileSync(shortLog, dirtyCsv(4000, chance(seed + 1)));
  writeFileSync(contested, JSON.stringify(contestedPipeline(4000)));
  return [
    {
      name: 'taxi',
      args: [join(root, 'data/nyc_taxi.csv'), '--time', 'timestamp', '--values', 'value', '--checkpoint-rows', '700'],
      outputs,
      reasons: [],
    },
    {
      name: 'dirty',
      args: [log, '--key', 'machine', '--pipeline', pipeline, '--checkpoint-rows', '400'],
      outputs: [...outputs, 'rejects.ndjson', 'rejects.arrow'],
      reasons: ['not-a-number', 'not-a-time', 'missing-column', 'too-large', 'late', 'duplicate', 'same-step'],
    },
    {
      name: 'contested',
      args: [shortLog, '--key', 'machine', '--pipeline', contested, '--checkpoint-rows', '90'],
      outputs: ['forecasts.ndjson', 'shadow.ndjson', 'anomalies.ndjson', 'rejects.ndjson'],
      reasons: ['late'],
    },
  ];
}

/** Replays into `folder`; resolves with the time it took, or undefined if it was killed after `killMs`. */
function replay({ args, outputs }: Scenario, folder: string, killMs?: number): Promise<number | undefined> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(root, 'dist/cli/bin.js'),
      ...['replay', ...args, '--quiet', '--state', join(folder, 'state'), '--report', join(folder, 'report.html')],
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

/** Survives so many kills; tells in how many runs, and what differed. */
async function survive(scenario: Scenario, killsWanted: number, work: string, random: () => number) {
  const { name, reasons } = scenario;
  const outputs = [...scenario.outputs, 'report.html'];
  const calm = join(work, `${name}-calm`);
  mkdirSync(calm);
  const calmMs = (await replay(scenario, calm)) as number;
  const expected = new Map(outputs.map((output) => [output, readFileSync(join(calm, output))]));
  const lacking = reasons.filter((reason) => !expected.get('rejects.ndjson')?.includes(`"reason":"${reason}"`));
  if (lacking.length > 0) throw new Error(`${name}: expected rejects of every kind, there is no ${lacking.join(', ')}`);
  let kills = 0;
  let runs = 0;
  const differing: string[] = [];
  while (kills < killsWanted) {
    const folder = join(work, `${name}-${runs}`);
    mkdirSync(folder);
    let restarts = 0;
    for (;;) {
      // From the first milliseconds of the process to the very end of a whole replay.
      const killMs = kills < killsWanted ? random() * calmMs * 1.05 : undefined;
      if ((await replay(scenario, folder, killMs)) !== undefined) break;
      kills++;
      if (++restarts > restartsMax)
        throw new Error(`seed ${seed}, ${name}, run ${runs}: not done after ${restarts} restarts`);
    }
    for (const [output, bytes] of expected) {
      if (!readFileSync(join(folder, output)).equals(bytes)) differing.push(`${name}, run ${runs}: ${output}`);
    }
    rmSync(folder, { recursive: true });
    runs++;
    console.error(`${name}: ${kills} kills survived in ${runs} runs, ${differing.length} outputs differ`);
  }
  return { name, kills, runs, outputs, differing };
}

const work = mkdtempSync(join(tmpdir(), 'engram-chaos-'));
const random = chance(seed);
const killsWanted = Number(options.kills);
const known = scenariosIn(work);
const scenarios = options.scenarios.split(',').map((name) => {
  const found = known.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`--scenarios: expected some of ${known.map((one) => one.name).join(', ')}, got ${name}`);
  return found;
});
const survived: Awaited<ReturnType<typeof survive>>[] = [];
for (const [i, scenario] of scenarios.entries()) {
  const share =
    Math.floor((killsWanted * (i + 1)) / scenarios.length) - Math.floor((killsWanted * i) / scenarios.length);
  survived.push(await survive(scenario, share, work, random));
}
const sum = (of: (one: (typeof survived)[number]) => number): number => survived.reduce((all, one) => all + of(one), 0);
const differing = survived.flatMap((one) => one.differing);
const result = {
  seed,
  kills: sum(({ kills }) => kills),
  runs: sum(({ runs }) => runs),
  scenarios: survived,
  differing,
};
console.log(JSON.stringify(result));
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
rmSync(work, { recursive: true });
process.exitCode = differing.length === 0 ? 0 : 1;
