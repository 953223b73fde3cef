/**
 * A log of words to try `--category` on: workers that go through the states of their jobs, with branches that are normal (a
 * job is sorted or packed, may be cached, may be tried again) and eight faults that are not. Always the same log.
 *
 *   npm run setup && mkdir -p out && node dist/examples/job-log.js > out/jobs.csv
 *   npm run -s engram -- replay out/jobs.csv --category state --key worker --out out/jobs.ndjson --out out/anomalies.ndjson
 *
 * With `--faults` it prints the faults instead: worker, time, what came, what should have.
 */
const workers = 4;
const jobsEach = 400;
const startMs = Date.UTC(2026, 0, 5);

let state = 7;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** The states of one job. */
function job(): string[] {
  const [middle, kind] = random() < 0.5 ? [['sort', 'merge'], 'sorted'] : [['pack', 'sign', 'seal'], 'packed'];
  const tries = random() < 0.1 ? ['run', 'retry', 'run'] : ['run'];
  const load = random() < 0.3 ? ['cache hit'] : ['fetch', 'unpack'];
  // What a job ends in depends on its middle, however many states lie between.
  return ['queued', ...load, ...middle, ...tries, 'store', `report ${kind}`, 'done'];
}

/** At which state of a job, what came, and what should have. */
interface Fault {
  readonly at: number;
  readonly came: string;
  readonly due: string;
}

/** What goes wrong with the states of a job, by number: what came, and what should have. */
const faults: ReadonlyMap<string, (states: string[]) => Fault> = new Map([
  ['0/250', (states) => replace(states, 'store', 'disk full')],
  ['0/330', (states) => leaveOut(states, 'store')],
  ['1/260', (states) => otherReport(states)],
  ['1/350', (states) => replace(states, 'run', 'sleep')],
  ['2/255', (states) => leaveOut(states, 'run')],
  ['2/340', (states) => replace(states, 'done', 'retry')],
  ['3/270', (states) => otherReport(states)],
  ['3/360', (states) => replace(states, 'queued', 'store')],
]);

function replace(states: string[], due: string, came: string): Fault {
  const at = states.indexOf(due);
  states[at] = came;
  return { at, came, due };
}

function leaveOut(states: string[], due: string): Fault {
  const at = states.indexOf(due);
  states.splice(at, 1);
  return { at, came: states[at], due };
}

function otherReport(states: string[]): Fault {
  const due = states[states.length - 2];
  return replace(states, due, due === 'report sorted' ? 'report packed' : 'report sorted');
}

const rows: { timeMs: number; worker: string; state: string }[] = [];
const planted: string[] = [];
for (let worker = 0; worker < workers; worker++) {
  let timeMs = startMs + worker * 1000;
  for (let number = 0; number < jobsEach; number++) {
    const states = job();
    const fault = faults.get(`${worker}/${number}`)?.(states);
    for (const [i, word] of states.entries()) {
      timeMs += 4000 + Math.floor(2000 * random());
      rows.push({ timeMs, worker: `worker-${worker}`, state: word });
      if (fault?.at === i) {
        planted.push(`worker-${worker},${new Date(timeMs).toISOString()},${fault.came},${fault.due}`);
      }
    }
  }
}
rows.sort((a, b) => a.timeMs - b.timeMs || (a.worker < b.worker ? -1 : 1));
const lines = process.argv.includes('--faults')
  ? ['worker,time,came,due', ...planted]
  : [
      'time,worker,state',
      ...rows.map(({ timeMs, ...row }) => `${new Date(timeMs).toISOString()},${row.worker},${row.state}`),
    ];
process.stdout.write(`${lines.join('\n')}\n`);
