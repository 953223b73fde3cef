// Temporal memory: sequences of any order in columns of cells. A cell is predicted by any of its segments (segments.ts).
// Hawkins and Ahmad, Why Neurons Have Thousands of Synapses (2016); Cui, Ahmad and Hawkins, Continuous online sequence
// learning with an unsupervised neural network model (2016). Beyond them, by the share of columns that were predicted (a third or more: expected):
//   expected on the whole: of a column that was not, only the winner fires, instead of all its cells, so one wrong bit (or
//     a dead cell) does not call up every context that the column knows;
//   a surprise after what was expected: perhaps the context was wrong. Cells fire that would have been predicted if the
//     last columns had burst; only where there are none, all;
//   any surprise: what had been predicted with proof stays alive beside what came, as if it had fired, so that the context
//     survives a wrong element.

import {
  ACTIVE, at32, blame, COLUMNS, count, create, destroy, FORESEEN, HELD, hear, hush, idlest, listen, MADE, matches, ownerOf, potentialOf,
  praise, proofOf, provedOf, segmentRule, segmentState, set, setBit, silence, speaks, STEP, SURPRISES, TOUCHED, touchedAt,
  usedAt, WAITED, WINNERS, winnersMax, wouldSpeak,
} from './segments';

// Zero between steps.
let predicted: usize = 0; // u32[columns]: predicted cells
let best: usize = 0; // u32[columns]: active | proved | 1 + best matching segment
let waiting: usize = 0; // u32[columns]: silent columns whose cells were predicted
let known: usize = 0; // u32[columns]: of unpredicted active columns the winner, and what a look back finds
let waitingCount: u32 = 0;
const activeBit: u32 = 0x80000000;
const provedBit: u32 = 0x40000000;
const segmentBits: u32 = 0xffffff;

let active: usize = 0; // u32[2][(columnsMax << shift) + heldMax]
let bits: usize = 0; // u8[2][cells / 8]
let winner: usize = 0; // u32[2][room]
let last: usize = 0; // u32[columnsMax]: columns of the last step
let columns: i32 = 0;
let shift: i32 = 0; // log2 of the cells of a column
let columnsMax: i32 = 0;
let room: u32 = 0; // winners of a step: 8 a column, up to winnersMax
let heldMax: u32 = 0; // predicted cells that may be held
let patience: u32 = 0; // steps in a row that they may
let strict: bool = true; // the rules of the head hold; else every column that was not predicted bursts

/** Says where the state of the following calls lies. */
export function temporalState(
  counters: usize, head: usize, synapse: usize, source: usize, owner: usize, used: usize, held: usize, proof: usize,
  overlap: usize, touched: usize, load: usize, segments: i32, blockBits: i32, active_: usize, bits_: usize, winner_: usize,
  last_: usize, columnScratch: usize,
): void {
  segmentState(counters, head, synapse, source, owner, used, held, proof, overlap, touched, load, segments, blockBits);
  active = active_;
  bits = bits_;
  winner = winner_;
  last = last_;
  predicted = columnScratch;
}

/** Sizes of the state. */
export function temporalSize(columns_: i32, shift_: i32, columnsMax_: i32, patience_: i32, strict_: bool): void {
  columns = columns_;
  best = predicted + (<usize>columns << 2);
  waiting = best + (<usize>columns << 2);
  known = waiting + (<usize>columns << 2);
  shift = shift_;
  columnsMax = columnsMax_;
  room = <u32>min(columnsMax * 8, winnersMax);
  patience = patience_;
  heldMax = patience ? <u32>columnsMax << 2 : 0;
  strict = strict_;
}

/** How the following calls learn; permanences in 255ths. */
export function temporalRule(
  activation: i32, minimum: i32, sample: i32, increment: i32, decrement: i32, punishment: i32, doubt: i32,
  initial: i32, connected: i32,
): void {
  segmentRule(activation, minimum, sample, increment, decrement, punishment, doubt, initial, connected);
}

/**
 * One step: `n` different active columns, ascending, u32. Columns with predicted cells activate those, the others burst;
 * then what follows is predicted. Returns how many columns were predicted.
 */
export function temporalStep(active_columns: usize, n: i32, learn: bool): i32 {
  n = min(n, columnsMax);
  const step = count(STEP) + 1;
  set(STEP, step);
  const before = (step + 1) & 1;
  listen(flagsOf(before), winner + (<usize>(before * room) << 2), count(WINNERS + (before << 2)));
  for (let i = 0; i < n; i++) store<u32>(best + (<usize>load<u32>(at32(active_columns, i)) << 2), activeBit);
  waitingCount = 0;
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) judge(touchedAt(i), learn);
  if (learn) for (let i: u32 = 0; i < seen; i++) confirm(touchedAt(i), step);
  const right = activate(active_columns, n, step, learn);
  const slot = step & 1;
  hear(listOf(slot), count(ACTIVE + (slot << 2)) + count(HELD + (slot << 2)));
  return right;
}

/** Starts afresh between sequences: nothing is active and nothing predicted; what was learned stays. */
export function temporalReset(): void {
  for (let slot: u32 = 0; slot < 2; slot++) forgetSlot(slot);
  set(WAITED, 0);
  set(SURPRISES, 0);
  hush();
}

/** A cell dies: it loses its segments, and nobody hears it any more. */
export function temporalKill(cell: u32): void {
  for (let s: u32 = 0; s < count(MADE); s++) if (ownerOf(s) == cell) destroy(s);
  silence(cell);
}

/**
 * What is expected next: out[columns], u32, gets 1 + the last step at which a segment was confirmed that predicts the
 * column (or, with `faint`, that at least matches), 0 where none does. Returns how many columns are predicted.
 */
export function temporalExpected(out: usize, faint: bool): i32 {
  memory.fill(out, 0, (<usize>columns) << 2);
  let found = 0;
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) {
    const s = touchedAt(i);
    const o = ownerOf(s);
    if (o >>> 31 || !(faint ? matches(s) : speaks(s))) continue;
    const p = out + (<usize>(o >>> shift) << 2);
    const before = load<u32>(p);
    if (!before) found++;
    store<u32>(p, max(before, 1 + usedAt(s)));
  }
  return found;
}

/** Before learning: which cells were predicted, which segment fits best where none was, and who was wrong. */
function judge(s: u32, learn: bool): void {
  const o = ownerOf(s);
  if (o >>> 31) return; // its cell was killed
  const spoke = speaks(s);
  const potential = potentialOf(s);
  if (!spoke && !matches(s)) return;
  const column = o >>> shift;
  const p = best + (<usize>column << 2);
  const now = load<u32>(p);
  if (!now) {
    // The column stayed silent: whatever would have made it speak was wrong.
    if (spoke && patience && proofOf(s)) wait(column, o);
    if (learn) blame(s);
    return;
  }
  if (spoke) {
    or(predicted + (<usize>column << 2), cellBit(o));
    if (proofOf(s)) or(p, provedBit);
  }
  if (!matches(s)) return;
  const other = now & segmentBits;
  const most = other ? potentialOf(other - 1) : -1;
  if (potential > most || (potential == most && fitter(s, other - 1))) {
    store<u32>(p, (load<u32>(p) & ~segmentBits) | (s + 1));
  }
}

/** Notes a proved prediction of a silent column. */
function wait(column: u32, cell: u32): void {
  const p = predicted + (<usize>column << 2);
  if (!load<u32>(p)) {
    store<u32>(at32(waiting, waitingCount), column);
    waitingCount++;
  }
  or(p, cellBit(cell));
}

/** Of two segments that fit as well: the one that was confirmed last, then the lower cell, then the lower number. */
function fitter(s: u32, t: u32): bool {
  const us = usedAt(s);
  const ut = usedAt(t);
  if (us != ut) return us > ut;
  const os = ownerOf(s);
  const ot = ownerOf(t);
  return os != ot ? os < ot : s < t;
}

/** Segments that predicted an active column are right. */
function confirm(s: u32, step: u32): void {
  if (!speaks(s)) return;
  const o = ownerOf(s);
  if (o >>> 31) return; // it was wrong, and is gone
  if (load<u32>(best + (<usize>(o >>> shift) << 2))) praise(s, step);
}

/** Cells of the active columns fire; columns that were not predicted choose whom to teach. */
function activate(active_columns: usize, n: i32, step: u32, learn: bool): i32 {
  const slot = step & 1;
  forgetSlot(slot);
  const list = listOf(slot);
  const flags = flagsOf(slot);
  const width: u32 = 1 << shift;
  const surprises = count(SURPRISES);
  // After one surprise in a known sequence, what was seen but once is no reason to be sure of the context.
  const shaken = strict && (surprises & 3) == 1;
  let right = 0;
  let sure = 0;
  for (let i = 0; i < n; i++) {
    const column = load<u32>(at32(active_columns, i));
    if (!load<u32>(at32(predicted, column))) continue;
    right++;
    if (shaken && !(load<u32>(at32(best, column)) & provedBit)) store<u32>(at32(predicted, column), 0);
    else sure++;
  }
  const surprising = 3 * sure < n;
  set(SURPRISES, (surprises << 1) | <u32>surprising);
  let fired: u32 = 0;
  let winners: u32 = 0;
  for (let i = 0; i < n; i++) {
    const column = load<u32>(at32(active_columns, i));
    const first = column << shift;
    const cells = load<u32>(at32(predicted, column));
    if (cells) {
      for (let rest = cells; rest; rest &= rest - 1) {
        const cell = first + ctz(rest);
        fire(list, flags, fired, cell);
        fired++;
        winners = win(slot, winners, cell);
      }
      continue;
    }
    const fits = load<u32>(at32(best, column)) & segmentBits;
    let chosen: u32;
    if (fits) {
      chosen = ownerOf(fits - 1);
      // One that spoke was praised before.
      if (learn && !speaks(fits - 1)) praise(fits - 1, step);
    } else {
      chosen = idlest(first, width, step);
      if (learn) create(chosen, step);
    }
    winners = win(slot, winners, chosen);
    if (learn) store<u32>(at32(known, column), cellBit(chosen));
  }
  set(WINNERS + (slot << 2), winners);
  set(FORESEEN, fired);
  const found = strict && surprising && !(surprises & 1) ? lookBack() : 0;
  fired = fireRest(active_columns, n, list, flags, fired, !strict || (surprising && 3 * found < n));
  set(ACTIVE + (slot << 2), fired);
  const cells = surprising && count(WAITED) < patience ? hold(list + (<usize>fired << 2), flags) : 0;
  set(HELD + (slot << 2), cells);
  set(WAITED, cells ? count(WAITED) + 1 : 0);
  for (let i: u32 = 0; i < waitingCount; i++) store<u32>(at32(predicted, load<u32>(at32(waiting, i))), 0);
  for (let i = 0; i < n; i++) {
    const column = load<u32>(at32(active_columns, i));
    store<u32>(at32(predicted, column), 0);
    store<u32>(at32(best, column), 0);
  }
  memory.copy(last, active_columns, <usize>n << 2);
  set(COLUMNS, n);
  return right;
}

function win(slot: u32, winners: u32, cell: u32): u32 {
  if (winners == room) return winners;
  store<u32>(at32(winner + (<usize>(slot * room) << 2), winners), cell);
  return winners + 1;
}

/** Of columns that were not predicted fire those cells that are known, or all in a burst. */
function fireRest(active_columns: usize, n: i32, list: usize, flags: usize, fired: u32, burst: bool): u32 {
  const all: u32 = shift == 5 ? 0xffffffff : (1 << (1 << shift)) - 1;
  for (let i = 0; i < n; i++) {
    const column = load<u32>(at32(active_columns, i));
    if (load<u32>(at32(predicted, column))) continue;
    for (let rest = burst ? all : load<u32>(at32(known, column)); rest; rest &= rest - 1) {
      fire(list, flags, fired, (column << shift) + ctz(rest));
      fired++;
    }
    store<u32>(at32(known, column), 0);
  }
  return fired;
}

/** One bit for each of the last columns; zero between calls. */
const lately = memory.data(8192 / 8, 16);

/**
 * Notes the cells of unpredicted active columns that would be predicted if the last columns had burst; in how many columns.
 * Only proved segments of those columns count, so these are searched: far fewer than hang on all cells of the last columns.
 */
function lookBack(): i32 {
  const n = count(COLUMNS);
  for (let i: u32 = 0; i < n; i++) setBit(lately, load<u32>(at32(last, i)));
  const made = count(MADE);
  let found = 0;
  for (let from: u32 = 0; from < made; from += 16) {
    for (let rest = provedOf(from, made); rest; rest &= rest - 1) {
      const s = from + ctz(rest);
      const o = ownerOf(s);
      if (o >>> 31) continue;
      const column = o >>> shift;
      const b = at32(best, column);
      const now = load<u32>(b);
      if (!(now & activeBit) || load<u32>(at32(predicted, column)) || !wouldSpeak(s, lately, shift)) continue;
      or(at32(known, column), cellBit(o));
      if (now & provedBit) continue;
      store<u32>(b, now | provedBit);
      found++;
    }
  }
  for (let i: u32 = 0; i < n; i++) store<u8>(lately + (<usize>load<u32>(at32(last, i)) >>> 3), 0);
  return found;
}

/** Appends the cells that wait, unless they are too many to tell anything; how many. */
function hold(list: usize, flags: usize): u32 {
  let cells: u32 = 0;
  for (let i: u32 = 0; i < waitingCount; i++) {
    cells += popcnt(load<u32>(predicted + (<usize>load<u32>(at32(waiting, i)) << 2)));
  }
  if (cells > heldMax) return 0;
  cells = 0;
  for (let i: u32 = 0; i < waitingCount; i++) {
    const column = load<u32>(at32(waiting, i));
    for (let rest = load<u32>(predicted + (<usize>column << 2)); rest; rest &= rest - 1) {
      fire(list, flags, cells, (column << shift) + ctz(rest));
      cells++;
    }
  }
  return cells;
}

/** Empties the lists of one of the last two steps. */
function forgetSlot(slot: u32): void {
  const list = listOf(slot);
  const flags = flagsOf(slot);
  const fired = count(ACTIVE + (slot << 2)) + count(HELD + (slot << 2));
  for (let i: u32 = 0; i < fired; i++) store<u8>(flags + (<usize>load<u32>(at32(list, i)) >>> 3), 0);
  set(ACTIVE + (slot << 2), 0);
  set(WINNERS + (slot << 2), 0);
  set(HELD + (slot << 2), 0);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function listOf(slot: u32): usize {
  return active + (<usize>(slot * ((<u32>columnsMax << shift) + heldMax)) << 2);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function flagsOf(slot: u32): usize {
  return bits + <usize>slot * ((<usize>columns << shift) >>> 3);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function fire(list: usize, flags: usize, at: u32, cell: u32): void {
  store<u32>(at32(list, at), cell);
  setBit(flags, cell);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function cellBit(cell: u32): u32 {
  return 1 << (cell & ((1 << shift) - 1));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function or(p: usize, value: u32): void {
  store<u32>(p, load<u32>(p) | value);
}
