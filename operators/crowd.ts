import { kernels } from '../models/kernels/index.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';
import { add, pValue, type Ruler, recordLayout } from './record.js';

/** Slots that are open at once: a row may be late by one. */
export const openSlots = 2;
/** Keys that are named, and bytes of a name: a longer one is cut, as it is only shown. */
const named = 5;
const nameBytes = 64;
/** A tail below this says no more: one wild key is no crowd. */
const leastTail = 0.003;
/** A key is affected when its value lies outside the middle nine tenths of what was expected. */
const affectedTail = 0.1;

/** What a key said in each of the open slots: how many values, their sides and sizes, and what of it was counted. */
export const memberLayout = {
  slot: f64(openSlots),
  values: u32(openSlots),
  signed: f64(openSlots),
  size: f64(openSlots),
};
export type Member = Row<typeof memberLayout>;

const slotLayout = {
  keys: u32(),
  /** Sums over keys: of signed evidence, of unsigned evidence, and how many are affected; of those, how many lie above. */
  sums: f64(3),
  above: u32(),
  firstOffset: f64(),
  lastOffset: f64(),
  /** The most affected keys, the strongest first: number of the key, its evidence, its name. */
  most: f64(named),
  evidence: f64(named),
  bytes: u32(named),
  names: u8(named * nameBytes),
};

/** What keys of a shard did together: the open slots, and what the sums used to be. */
export const crowdLayout = {
  /** The newest slot, and rows since the last one that was not late. */
  slot: f64(),
  late: u32(),
  s0: slotLayout,
  s1: slotLayout,
  slots: u32(),
  /** Of each sum: mean a key, and variance of the mean over keys, times their number. */
  mean: f64(3),
  variance: f64(3),
  record: recordLayout,
};
export type Crowd = Row<typeof crowdLayout>;
export type Slot = Row<typeof slotLayout>;

/** What the sums are for calibrated forecasts of independent keys, and the slots which that belief is worth. */
const believed = { mean: [0, 1, affectedTail], variance: [1 / 3, 1, affectedTail * (1 - affectedTail)], slots: 20 };
const memorySlots = 5000;
/** A slot counts at most so many deviations for what is usual: what is told must not make itself usual at once. */
const clip = 4;
/** Sums of many are nearly normal, so their tail is nearly known. */
const ruler: Ruler = { width: 0.25, memoryRows: memorySlots, sure: 8 };
const evidenceMax = 31.9;

/** What is usual is not known any more: the width of slots has changed. */
export function beginCrowd(own: Crowd): void {
  own.slot[0] = Number.NEGATIVE_INFINITY;
  own.late[0] = 0;
  own.slots[0] = 0;
  own.mean.set(believed.mean);
  own.variance.set(believed.variance);
  for (const part of Object.values(own.record)) part.fill(0);
}

export const slotOf = (own: Crowd, slot: number): Slot => (slot % openSlots === 0 ? own.s0 : own.s1);

/** Opens a slot, and the one before it if it was passed over. */
export function openSlot(own: Crowd, slot: number): void {
  for (let at = Math.max(own.slot[0] + 1, slot - openSlots + 1); at <= slot; at++) {
    for (const part of Object.values(slotOf(own, at))) part.fill(0);
  }
  own.slot[0] = slot;
  own.late[0] = 0;
}

/** Where a value lies in what was expected. */
export interface Placed {
  readonly values: ArrayLike<number>;
  readonly tail: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  readonly offset: number;
  readonly key: string;
}

/**
 * Takes a row of a key into an open slot. A key counts once in a slot, by the mean over its values: signed evidence is
 * ±(1 − tail) by the side on which the value lies, unsigned evidence −ln tail.
 */
export function join(own: Crowd, member: Member, number: number, slot: number, row: Placed): void {
  const at = Math.abs(slot % openSlots);
  const sums = slotOf(own, slot);
  if (member.values[at] === 0 || member.slot[at] !== slot) {
    member.slot[at] = slot;
    member.values[at] = 0;
    member.signed[at] = 0;
    member.size[at] = 0;
  }
  const before = member.values[at] > 0;
  if (before) count(sums, member, at, -1);
  for (let c = 0; c < row.tail.length; c++) {
    if (Number.isNaN(row.tail[c])) continue;
    member.values[at]++;
    member.signed[at] += Math.sign(row.values[c] - row.expected[c] || 0) * (1 - row.tail[c]);
    member.size[at] -= kernels.log(Math.max(leastTail, row.tail[c]));
  }
  if (member.values[at] === 0) return;
  if (!before && sums.keys[0]++ === 0) sums.firstOffset[0] = row.offset;
  sums.lastOffset[0] = row.offset;
  count(sums, member, at, 1);
  rank(sums, number, member.size[at] / member.values[at], row.key);
}

/** Adds a key to the sums of a slot, or takes it out again. */
function count({ sums, above }: Slot, { values, signed, size }: Member, at: number, times: 1 | -1): void {
  const mean = size[at] / values[at];
  sums[0] += (times * signed[at]) / values[at];
  sums[1] += times * mean;
  if (!(mean >= -kernels.log(affectedTail))) return;
  sums[2] += times;
  if (signed[at] > 0) above[0] += times;
}

/** Keeps the list of the most affected keys in order. */
function rank(slot: Slot, number: number, evidence: number, key: string): void {
  leave(slot, number);
  let at = named;
  while (at > 0 && (slot.most[at - 1] === 0 || slot.evidence[at - 1] < evidence)) at--;
  if (at === named) return;
  slot.most.copyWithin(at + 1, at, named - 1);
  slot.evidence.copyWithin(at + 1, at, named - 1);
  slot.bytes.copyWithin(at + 1, at, named - 1);
  slot.names.copyWithin((at + 1) * nameBytes, at * nameBytes, (named - 1) * nameBytes);
  const room = new Uint8Array(nameBytes);
  const { read, written } = encoder.encodeInto(key, room);
  slot.most[at] = number;
  slot.evidence[at] = evidence;
  // Beyond the room stands that it was cut.
  slot.bytes[at] = read < key.length ? nameBytes + written : written;
  slot.names.set(room, at * nameBytes);
}

/** A key is not to be named: it is forgotten, or comes in at another place. */
export function leave(slot: Slot, number: number): void {
  const at = slot.most.indexOf(number);
  if (at < 0) return;
  slot.most.copyWithin(at, at + 1);
  slot.evidence.copyWithin(at, at + 1);
  slot.bytes.copyWithin(at, at + 1);
  slot.names.copyWithin(at * nameBytes, (at + 1) * nameBytes);
  slot.most[named - 1] = 0;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Names of the most affected keys, the strongest first. */
export function namesOf({ most, bytes, names }: Pick<Slot, 'most' | 'bytes' | 'names'>): string[] {
  return Array.from(most).flatMap((number, i) => {
    if (number === 0) return [];
    const cut = bytes[i] > nameBytes;
    // Decoders refuse shared memory, so the bytes are copied first.
    const name = decoder.decode(names.slice(i * nameBytes, i * nameBytes + bytes[i] - (cut ? nameBytes : 0)));
    return cut ? `${name}…` : name;
  });
}

/** What a slot came to. */
export interface Verdict {
  /** Share of slots in which so much comes together by chance; 1 while too little is known. */
  readonly score: number;
  /** Affected keys that are usual among so many, and what 98 of 100 slots lie between. */
  readonly usual: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Judges a slot that is over, and learns it. Both sums are put into deviations z from what is usual, and
 *
 *   x = (z_signed² + max(0, z_unsigned)²) / 2
 *
 * is ranked among the past slots: were keys independent and forecasts calibrated, its tail would be e^−x. What keys have in
 * common (weather, the hour) is in the deviations and in the ranks.
 */
export function judgeSlot(own: Crowd, { keys, sums }: Slot, warmupSlots: number): Verdict {
  const n = keys[0];
  const z = [0, 1, 2].map((i) => (Math.sqrt(n) * (sums[i] / n - own.mean[i])) / Math.sqrt(own.variance[i]));
  const x = Math.min(evidenceMax, 0.5 * (z[0] * z[0] + Math.max(0, z[1]) * Math.max(0, z[1])));
  const score = own.slots[0] < warmupSlots ? 1 : pValue(own.record, ruler, x);
  const usual = n * own.mean[2];
  const spread = 2.326 * Math.sqrt(n * own.variance[2]);
  const rate = 1 / (Math.min(own.slots[0]++, memorySlots) + believed.slots);
  for (let i = 0; i < z.length; i++) {
    const taken = Math.max(-clip, Math.min(clip, z[i])) * Math.sqrt(own.variance[i]);
    own.mean[i] += (rate * taken) / Math.sqrt(n);
    own.variance[i] += rate * (taken * taken - own.variance[i]);
  }
  add(own.record, ruler, x);
  return { score, usual, low: Math.max(0, usual - spread), high: Math.min(n, usual + spread) };
}
