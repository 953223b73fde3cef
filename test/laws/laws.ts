import type { Event } from '../../event.js';
import type { Shard, Stage } from '../../operators/stage.js';
import { type Bundle, encode } from '../../state/arrow.js';
import { chance } from '../chance.js';
import { bits, run } from '../operators/harness.js';

// biome-ignore lint/suspicious/noExplicitAny: the laws hold for any chain of stages
export type Make = () => readonly Stage<any, any>[];

/** What a law is tried on: a chain of stages, made anew each time, and events for it. */
export interface Case {
  readonly make: Make;
  readonly events: readonly Event[];
  readonly shard: Shard;
}

/** A promise as a check: says what is wrong, or nothing. */
export type Law = (subject: Case) => string | undefined;

const said = ({ rows, rejects, anomalies, alerts }: ReturnType<typeof run>): string =>
  bits({ rows, rejects, anomalies, alerts });

function calm({ make, events, shard }: Case): string {
  return said(run(make(), events, { shard, cuts: [events.length] }));
}

const known = new WeakMap<Case, string>();

/** What a calm run says, run once for all laws about the same case. */
function expectedOf(subject: Case): string {
  const text = known.get(subject) ?? calm(subject);
  known.set(subject, text);
  return text;
}

/** The first place where two texts differ, with what stands there. */
export function difference(what: string, expected: string, got: string): string | undefined {
  for (const text of [expected, got]) {
    if (typeof text !== 'string') throw new TypeError(`${what}: expected text to compare, got ${typeof text}`);
  }
  if (expected === got) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === got[at]) at++;
  const around = (text: string) => text.slice(Math.max(0, at - 60), at + 60);
  return `${what}: expected …${around(expected)}… got …${around(got)}…`;
}

/** The same input twice gives the same bytes: nothing hangs on chance, time or what else the process did. */
const repetition: Law = (subject) => difference('a second run', expectedOf(subject), calm(subject));

/** Any batch size gives the same bytes. */
const cutting: Law = (subject) => {
  const { make, events, shard } = subject;
  const seed = 5;
  const random = chance(seed);
  const expected = expectedOf(subject);
  for (const cuts of [[1], [2, 3], Array.from({ length: 50 }, () => 1 + Math.floor(random() * 60))]) {
    const fault = difference(
      `cut by ${cuts.slice(0, 6)} (seed ${seed})`,
      expected,
      said(run(make(), events, { shard, cuts })),
    );
    if (fault) return fault;
  }
  return undefined;
};

/** Saved and opened after every event of the first 200, then at random: the union of the outputs is the same bytes. */
const crashing: Law = (subject) => {
  const { make, events, shard } = subject;
  const seed = 6;
  const random = chance(seed);
  const cuts = [
    ...Array.from({ length: 200 }, () => 1),
    ...Array.from({ length: 100 }, () => 1 + Math.floor(random() * 40)),
  ];
  const got = said(run(make(), events, { shard, cuts, restart: true }));
  return difference(`restarted after every batch (seed ${seed})`, expectedOf(subject), got);
};

/** Changing the events after row t changes no output up to t. */
const future: Law = ({ make, events, shard }) => {
  const seed = 7;
  const random = chance(seed);
  const trials = Array.from({ length: 5 }, () => {
    const t = Math.floor(random() * (events.length - 1)) + 1;
    const other = events.map((event, i) =>
      i < t
        ? event
        : {
            ...event,
            values: event.values.map((_, c) => (event.words && c === 2 ? Number.NaN : 1e3 * random())),
            ...(event.words ? { words: event.words.map((word) => word && `${word}, otherwise`) } : {}),
          },
    );
    return { t, other };
  });
  // One run over the past has what is said up to each turn: it stands there between two batches.
  const turns = [...new Set(trials.map(({ t }) => t))].sort((a, b) => a - b);
  const givenAt = new Map<number, number>();
  const past = run<Event>(make(), events.slice(0, turns.at(-1)), {
    shard,
    cuts: turns.map((t, i) => t - (turns[i - 1] ?? 0)),
    ends: false,
    look: (taken, given) => void givenAt.set(taken, given),
  });
  for (const { t, other } of trials) {
    const before = past.rows.slice(0, givenAt.get(t) as number);
    // In one batch with what follows: a step that looks ahead in its batch is found out.
    const after = run<Event>(make(), other, { shard, cuts: [other.length], ends: false });
    const fault = difference(
      `other events after row ${t} (seed ${seed})`,
      bits(before),
      bits(after.rows.slice(0, before.length)),
    );
    if (fault) return fault;
  }
  return undefined;
};

/** Removing the other keys changes nothing of what is said of one. */
const neighbours: Law = ({ make, events, shard }) => {
  const { key } = events[0];
  const own = (ran: ReturnType<typeof run<Event>>) => ({
    rows: ran.rows.filter((row) => row.key === key),
    anomalies: ran.anomalies.filter((anomaly) => anomaly.key === key),
    alerts: ran.alerts.filter((alert) => alert.key === key),
  });
  const options = { shard, cuts: [17] };
  const alone = own(
    run<Event>(
      make(),
      events.filter((event) => event.key === key),
      options,
    ),
  );
  const among = own(run<Event>(make(), events, options));
  return difference(`key ${key} among others`, bits(alone), bits(among));
};

/** Twice the events, no byte more of state. */
const boundedState: Law = ({ make, events, shard }) => {
  const last = events[events.length - 1];
  const again = events.map((event) => ({
    ...event,
    offset: event.offset + last.offset + 1,
    timeMs: event.timeMs + last.timeMs + 1000,
  }));
  const size = (saved: readonly Bundle[]): number =>
    saved.flatMap((bundle) => Object.values(bundle)).reduce((sum, table) => sum + encode(table).length, 0);
  // Batches end where the events were, and what they left is weighed there.
  let once = Number.NaN;
  const cuts = Array.from({ length: Math.ceil(events.length / 64) - 1 }, () => 64);
  cuts.push(events.length - 64 * cuts.length);
  const { saved } = run(make(), [...events, ...again], {
    shard,
    cuts,
    ends: false,
    look: (taken, _, save) => {
      if (taken === events.length) once = size(save());
    },
  });
  const twice = size(saved);
  return once === twice
    ? undefined
    : `state took ${once} bytes after ${events.length} events and ${twice} after twice as many`;
};

/** Every promise of a step, by name. */
export const laws: Readonly<Record<string, Law>> = { repetition, cutting, crashing, future, neighbours, boundedState };
