import type { Bar, Mark, Taken, TakenMark } from '../../event.js';
import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';

/** Alarms that a mark may still speak of, and kinds of them that were judged. */
const alarms = 32;
const judged = 8;
/** How much rarer an alarm must be for every mark that such ones are expected, in nats, and at most. */
const step = 2;
const most = 10;
/** How much commoner it may be where such ones are real. */
const least = -1;
/** Rows in which a judgement fades. */
const memoryRows = 50_000;

/** Marks of a key between two of its rows that are told of. */
const heardMost = 4;

/** The last alarms of a key, and what an operator said of such ones. */
export const feedbackLayout = {
  count: u32(),
  timeMs: f64(alarms),
  channel: u32(alarms),
  kind: u32(alarms),
  /** What was said of alarms of a channel and kind: nats that they must be rarer by. */
  said: u32(),
  saidChannel: u32(judged),
  saidKind: u32(judged),
  excuse: f64(judged),
  /** Marks that the next row of the key tells of: how many came, and the last of them; `heardNats` is 0 where they found nothing. */
  heard: u32(),
  heardExpected: u32(heardMost),
  heardStartMs: f64(heardMost),
  heardEndMs: f64(heardMost),
  heardAlarms: u32(heardMost),
  heardNats: f64(heardMost),
};
export type Feedback = Row<typeof feedbackLayout>;

/** What makes two alarms alike: the channel (one more than its number, 0 for the key) and the main kind of evidence. */
export interface Sort {
  readonly channel: number;
  readonly kind: number;
}

/** Lets judgements fade by a row. */
export function fade({ excuse, said }: Feedback): void {
  if (said[0] === 0) return;
  for (let i = 0; i < judged; i++) excuse[i] *= 1 - 1 / memoryRows;
}

/** How much rarer such an alarm must be, in nats; below 0 it may be commoner. */
export function excuseOf(own: Feedback, { channel, kind }: Sort): number {
  for (let i = 0; i < Math.min(own.said[0], judged); i++) {
    if (own.saidChannel[i] === channel && own.saidKind[i] === kind) return own.excuse[i];
  }
  return 0;
}

export const anySaid = ({ said }: Feedback): boolean => said[0] > 0;

/** Keeps an alarm, so that a mark may speak of it. */
export function noteAlarm(own: Feedback, timeMs: number, { channel, kind }: Sort): void {
  const at = own.count[0]++ % alarms;
  own.timeMs[at] = timeMs;
  own.channel[at] = channel;
  own.kind[at] = kind;
}

/** Takes in what was said of the alarms of a stretch of time: each sort of them is judged once. Says how many alarms, and what it came to. */
export function judgeAlarms(
  own: Feedback,
  startMs: number,
  endMs: number,
  expected: boolean,
): { alarms: number; bars: (Sort & { nats: number })[] } {
  let found = 0;
  const bars: (Sort & { nats: number })[] = [];
  for (let i = 0; i < Math.min(own.count[0], alarms); i++) {
    const [channel, kind] = [own.channel[i], own.kind[i]];
    if (own.timeMs[i] < startMs || own.timeMs[i] > endMs) continue;
    found++;
    if (bars.some((other) => other.channel === channel && other.kind === kind)) continue;
    const at = slotOf(own, channel, kind);
    own.excuse[at] = expected
      ? Math.min(most, own.excuse[at] + step)
      : Math.max(least, Math.min(0, own.excuse[at] - step));
    bars.push({ channel, kind, nats: own.excuse[at] });
  }
  return { alarms: found, bars };
}

/** Takes in a mark, of which the next row of the key tells; `channels` and `kindOf` give what it found its names. */
export function hear(
  own: Feedback,
  { startMs, endMs, verdict }: Mark,
  channels: readonly string[],
  kindOf: (kind: number) => string | undefined,
): Taken {
  const expected = verdict === 'expected';
  const { alarms: found, bars } = judgeAlarms(own, startMs, endMs, expected);
  const nats = bars.map((bar) => bar.nats);
  const at = own.heard[0]++ % heardMost;
  own.heardExpected[at] = Number(expected);
  own.heardStartMs[at] = startMs;
  own.heardEndMs[at] = endMs;
  own.heardAlarms[at] = found;
  own.heardNats[at] = found === 0 ? 0 : expected ? Math.max(...nats) : Math.min(...nats);
  return { alarms: found, bars: bars.map((bar): Bar => named(bar, channels, kindOf(bar.kind))) };
}

function named({ channel, nats }: Sort & { nats: number }, channels: readonly string[], kind: string | undefined): Bar {
  const name = channels[channel - 1];
  return { ...(name === undefined ? {} : { channel: name }), ...(kind === undefined ? {} : { kind }), nats };
}

/** The row with the marks that it tells of, each once. */
export function withHeard<A extends { readonly filled?: boolean }>(own: Feedback, row: A): A {
  // What `align` filled in may never be seen.
  if (own.heard[0] === 0 || row.filled) return row;
  const marks = Array.from({ length: Math.min(own.heard[0], heardMost) }, (_, back): TakenMark => {
    const at = (own.heard[0] - 1 - back) % heardMost;
    return {
      verdict: own.heardExpected[at] === 1 ? 'expected' : 'real',
      ...{ startMs: own.heardStartMs[at], endMs: own.heardEndMs[at], alarms: own.heardAlarms[at] },
      ...(own.heardAlarms[at] === 0 ? {} : { nats: own.heardNats[at] }),
    };
  }).reverse();
  own.heard[0] = 0;
  return Object.assign({}, row, { marks });
}

/** The slot of a sort; a new one takes the place of the oldest. */
function slotOf(own: Feedback, channel: number, kind: number): number {
  for (let i = 0; i < Math.min(own.said[0], judged); i++) {
    if (own.saidChannel[i] === channel && own.saidKind[i] === kind) return i;
  }
  const at = own.said[0]++ % judged;
  own.saidChannel[at] = channel;
  own.saidKind[at] = kind;
  own.excuse[at] = 0;
  return at;
}

/** A rarity as it counts after what was said of such alarms. */
export const excused = (rarity: number, excuse: number): number =>
  excuse === 0 ? rarity : Math.min(1, rarity * kernels.exp(excuse));
