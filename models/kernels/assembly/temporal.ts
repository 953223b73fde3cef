// Temporal memory: sequences of any order in columns of cells. A cell is predicted by any of its segments; a segment is a
// block of `block` synapses (a power of two), so that a synapse's number tells its segment, and every presynaptic cell
// heads a list through its synapses, so that a step visits only what hangs on active cells. A synapse takes 7 bytes:
//   bytes 0-2  1 + next synapse of the same presynaptic cell, byte 3  permanence x 255 (0: free), bytes 4-6  that cell.
// Hawkins and Ahmad, Why Neurons Have Thousands of Synapses (2016); Cui, Ahmad and Hawkins, Continuous online sequence
// learning with an unsupervised neural network model (2016).
// Beyond them: segments of lag 1 listen to the cells of two steps ago and speak where no segment of lag 0 does, which
// carries the context over a single wrong element. Chance is a hash of seed, step and cell: order of work never matters.
// Known weakness: taking a synapse out walks the list of its cell, so cells with thousands of synapses are slow to leave.

/** More winners than this are not kept of a step. */
const winnersMax = 1024;
const candidates = memory.data(winnersMax * 4, 16);
/** Lists of synapses that are walked at once. */
const chainsMax: u32 = 2048;
const chains = memory.data(2048 * 4, 16);
/** Segments looked at for the least useful one. */
const lookedAt = 24;
/** Each confirmation of a segment is worth this many steps of age. */
const confirmationSteps = 128;
/** Times right, less times wrong, before a segment of lag 1 is believed. */
const trusted: u8 = 3;

// Counters, u32 each.
const STEP = 0;
const MADE = 4; // segments ever taken from the pool's end
const FREE = 8; // 1 + first free segment
const HAND = 12; // where to look for the least useful
const TOUCHED = 16;
const SEED = 20;
const ALIVE = 24; // segments in use
const SYNAPSES = 28; // synapses in use
const ACTIVE = 32; // [3] cells in each list
const WINNERS = 44; // [3]

let counters: usize = 0;
let head: usize = 0; // u32[reach][cells]
let synapse: usize = 0; // 7 bytes[segments][block]
let owner: usize = 0; // u32[segments]: cell | lag << 24; of a free segment 1 + the next free one | 1 << 31
let used: usize = 0; // u32[segments]: step of the last confirmation
let held: usize = 0; // u8[segments]: synapses
let proof: usize = 0; // u8[segments]: confirmations
let overlap: usize = 0; // u8[segments][2]: active synapses, and those of them that are connected
let touched: usize = 0; // u32[segments]: segments with active synapses
let active: usize = 0; // u32[3][columnsMax << shift]
let bits: usize = 0; // u8[3][cells / 8]
let winner: usize = 0; // u32[3][room]
let load_: usize = 0; // u8[cells]: segments of a cell
let mask: usize = 0; // u32[4][columns]: cells that lag 0 predicts, that lag 1 predicts, that lag 1 knows, that lag 0 proved
let best: usize = 0; // u32[2][columns]: 1 + best matching segment, by lag
let columns: i32 = 0;
let shift: i32 = 0; // log2 of the cells of a column
let segments: i32 = 0;
let blockBits: i32 = 0;
let reach: i32 = 1;
let columnsMax: i32 = 0;
let room: i32 = 0; // winners of a step: 8 a column, up to winnersMax

let activation: i32 = 0;
let minimum: i32 = 0;
let sample: i32 = 0;
let increment: i32 = 0;
let decrement: i32 = 0;
let punishment: i32 = 0;
let doubt: i32 = 0; // punishment of a segment that was never right
let initial: i32 = 0;
let connected: u32 = 0;

/** Says where the state of the following calls lies. */
export function temporalState(
  counters_: usize, head_: usize, synapse_: usize, owner_: usize, used_: usize, held_: usize, proof_: usize,
  overlap_: usize, touched_: usize, active_: usize, bits_: usize, winner_: usize, load: usize, mask_: usize, best_: usize,
): void {
  counters = counters_;
  head = head_;
  synapse = synapse_;
  owner = owner_;
  used = used_;
  held = held_;
  proof = proof_;
  overlap = overlap_;
  touched = touched_;
  active = active_;
  bits = bits_;
  winner = winner_;
  load_ = load;
  mask = mask_;
  best = best_;
}

/** Sizes of the state. */
export function temporalSize(
  columns_: i32, shift_: i32, segments_: i32, blockBits_: i32, reach_: i32, columnsMax_: i32,
): void {
  columns = columns_;
  shift = shift_;
  segments = segments_;
  blockBits = blockBits_;
  reach = reach_;
  columnsMax = columnsMax_;
  room = min(columnsMax * 8, winnersMax);
}

/** How the following calls learn; permanences in 255ths. */
export function temporalRule(
  activation_: i32, minimum_: i32, sample_: i32, increment_: i32, decrement_: i32, punishment_: i32, doubt_: i32,
  initial_: i32, connected_: i32,
): void {
  activation = activation_;
  minimum = minimum_;
  sample = sample_;
  increment = increment_;
  decrement = decrement_;
  punishment = punishment_;
  doubt = doubt_;
  initial = initial_;
  connected = <u32>connected_;
}

/**
 * One step: `n` different active columns, ascending, u32. Columns with predicted cells activate those, the others burst;
 * then what follows is predicted. Returns how many columns were predicted.
 */
export function temporalStep(active_columns: usize, n: i32, learn: bool): i32 {
  n = min(n, columnsMax);
  const step = count(STEP) + 1;
  set(STEP, step);
  memory.fill(mask, 0, (<usize>columns) << 4);
  memory.fill(best, 0, (<usize>columns) << 3);
  // Bit 31 of `best` marks the active columns.
  for (let i = 0; i < n; i++) store<u32>(best + (<usize>load<u32>(at32(active_columns, i)) << 2), 0x80000000);
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) judge(load<u32>(at32(touched, i)), learn);
  if (learn) for (let i: u32 = 0; i < seen; i++) confirm(load<u32>(at32(touched, i)), step);
  const predicted = activate(active_columns, n, step, learn);
  spread(step);
  return predicted;
}

/** Starts afresh between sequences: nothing is active and nothing predicted; what was learned stays. */
export function temporalReset(): void {
  for (let slot = 0; slot < 3; slot++) forgetSlot(slot);
  clearOverlaps();
}

/** A cell dies: it loses its segments, and nobody hears it any more. */
export function temporalKill(cell: u32): void {
  for (let s = 0; s < <i32>count(MADE); s++) {
    const o = load<u32>(at32(owner, s));
    if (!(o >>> 31) && (o & 0xffffff) == cell) destroy(s);
  }
  const cells: u32 = <u32>columns << shift;
  for (let lag: u32 = 0; lag < <u32>reach; lag++) {
    const from = head + (<usize>(lag * cells + cell) << 2);
    while (load<u32>(from)) remove(load<u32>(from) - 1);
  }
}

/**
 * What is expected next: out[columns], u32, gets 1 + the last step at which a segment of this lag that predicts the
 * column was confirmed, 0 where none does. Returns how many columns are predicted.
 */
export function temporalExpected(out: usize, lag: u32): i32 {
  memory.fill(out, 0, (<usize>columns) << 2);
  let found = 0;
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) {
    const s = load<u32>(at32(touched, i));
    const o = load<u32>(at32(owner, s));
    if (o >>> 24 != lag || <i32>load<u8>(overlap + (<usize>s << 1), 1) < activation) continue;
    if (lag && load<u8>(proof + <usize>s) < trusted) continue;
    const p = out + (<usize>((o & 0xffffff) >>> shift) << 2);
    const before = load<u32>(p);
    if (!before) found++;
    store<u32>(p, max(before, 1 + load<u32>(at32(used, s))));
  }
  return found;
}

/** Before learning: which cells were predicted, which segment fits best where none was, and who was wrong. */
function judge(s: u32, learn: bool): void {
  const o = load<u32>(at32(owner, s));
  if (o >>> 31) return; // its cell was killed
  const potential = <i32>load<u8>(overlap + (<usize>s << 1));
  const speaks = <i32>load<u8>(overlap + (<usize>s << 1), 1) >= activation;
  if (!speaks && potential < minimum) return;
  const cell = o & 0xffffff;
  const column = cell >>> shift;
  const lag = o >>> 24;
  const p = best + (<usize>column << 2);
  const now = load<u32>(p);
  if (!now) {
    // The column stayed silent: whatever would have made it speak was wrong.
    if (learn) blame(s, lag);
    return;
  }
  if (speaks) {
    const m = mask + (<usize>column << 2);
    if (lag == 0) {
      or(m, cellBit(cell));
      if (load<u8>(proof + <usize>s)) or(m + (<usize>columns * 12), cellBit(cell));
    } else {
      or(m + (<usize>columns << 3), cellBit(cell));
      if (load<u8>(proof + <usize>s) >= trusted) or(m + (<usize>columns << 2), cellBit(cell));
    }
  }
  if (potential >= minimum) {
    const q = lag ? p + (<usize>columns << 2) : p;
    const other = load<u32>(q) & 0x7fffffff;
    const most = other ? <i32>load<u8>(overlap + (<usize>(other - 1) << 1)) : -1;
    if (potential > most || (potential == most && fitter(s, other - 1))) store<u32>(q, 0x80000000 | (s + 1));
  }
}

/** A segment was wrong: it loses trust, and synapses. */
function blame(s: u32, lag: u32): void {
  const p = proof + <usize>s;
  const trust = load<u8>(p);
  if (lag && trust) store<u8>(p, trust - 1);
  else adapt(s, lag, -(trust ? punishment : doubt), 0);
}

/** Of two segments that fit as well: the one that was confirmed last, then the lower cell, then the lower number. */
function fitter(s: u32, t: u32): bool {
  const us = load<u32>(at32(used, s));
  const ut = load<u32>(at32(used, t));
  if (us != ut) return us > ut;
  const os = load<u32>(at32(owner, s));
  const ot = load<u32>(at32(owner, t));
  return os != ot ? os < ot : s < t;
}

/** Segments that predicted an active column are right: they hold on to what was active and let go of the rest. */
function confirm(s: u32, step: u32): void {
  if (<i32>load<u8>(overlap + (<usize>s << 1), 1) < activation) return;
  const o = load<u32>(at32(owner, s));
  if (o >>> 31) return; // it was wrong, and is gone
  const column = (o & 0xffffff) >>> shift;
  if (!load<u32>(best + (<usize>column << 2))) return;
  const lag = o >>> 24;
  if (lag) {
    // What lag 1 says about cells that did not fire is not known; a burst praises the one it follows.
    const own = load<u32>(mask + (<usize>column << 2));
    const skipped = load<u32>(mask + (<usize>(<u32>columns + column) << 2));
    if (!((own ? own : skipped) & cellBit(o))) return;
  }
  praise(s, lag, step);
}

function praise(s: u32, lag: u32, step: u32): void {
  const potential = <i32>load<u8>(overlap + (<usize>s << 1));
  store<u32>(at32(used, s), step);
  const p = proof + <usize>s;
  if (load<u8>(p) < 255) store<u8>(p, load<u8>(p) + 1);
  if (!adapt(s, lag, increment, decrement)) return;
  if (potential < sample) grow(s, lag, sample - potential, step);
}

/** Cells of the active columns fire; bursting columns choose whom to teach. */
function activate(active_columns: usize, n: i32, step: u32, learn: bool): i32 {
  const slot = step % 3;
  forgetSlot(slot);
  const list = active + ((<usize>(slot * <u32>columnsMax) << shift) << 2);
  const won = winner + (<usize>(slot * <u32>room) << 2);
  const flags = bits + (<usize>slot) * ((<usize>columns << shift) >>> 3);
  const width: u32 = 1 << shift;
  // After one surprise in a known sequence, what was seen but once is no reason to be sure of the context.
  const shaken = !wasCalm((step + 2) % 3) && wasCalm((step + 1) % 3);
  const calm = wasCalm((step + 2) % 3) && wasCalm((step + 1) % 3);
  let fired: u32 = 0;
  let winners: u32 = 0;
  let predicted = 0;
  for (let i = 0; i < n; i++) {
    const column = load<u32>(at32(active_columns, i));
    const first = column << shift;
    const own = load<u32>(mask + (<usize>column << 2));
    const skipped = reach > 1 ? load<u32>(mask + (<usize>(<u32>columns + column) << 2)) : 0;
    const covered = reach > 1 ? load<u32>(mask + (<usize>(<u32>(columns << 1) + column) << 2)) : 0;
    const proved = load<u32>(mask + (<usize>(<u32>columns * 3 + column) << 2));
    const cells = own ? own : skipped;
    if (cells) predicted++;
    if (cells && !(shaken && own && !proved)) {
      for (let c: u32 = 0; c < width; c++) {
        if (!((cells >>> c) & 1)) continue;
        fire(list, flags, fired, first + c);
        fired++;
        if (winners < <u32>room) store<u32>(at32(won, winners), first + c);
        winners = min(winners + 1, <u32>room);
        if (learn && reach > 1 && own && calm && !((covered >>> c) & 1)) create(first + c, 1, step);
      }
      continue;
    }
    for (let c: u32 = 0; c < width; c++) {
      fire(list, flags, fired, first + c);
      fired++;
    }
    const fits = load<u32>(best + (<usize>column << 2)) & 0x7fffffff;
    let chosen: u32;
    if (fits) {
      chosen = load<u32>(at32(owner, fits - 1)) & 0xffffff;
      // One that spoke was praised before.
      if (learn && <i32>load<u8>(overlap + (<usize>(fits - 1) << 1), 1) < activation) praise(fits - 1, 0, step);
    } else {
      const skips = reach > 1 ? load<u32>(best + (<usize>(<u32>columns + column) << 2)) & 0x7fffffff : 0;
      chosen = skips ? load<u32>(at32(owner, skips - 1)) & 0xffffff : idlest(first, width, step);
      if (learn) {
        create(chosen, 0, step);
        if (reach > 1) {
          if (skips) praise(skips - 1, 1, step);
          else create(chosen, 1, step);
        }
      }
    }
    if (winners < <u32>room) store<u32>(at32(won, winners), chosen);
    winners = min(winners + 1, <u32>room);
  }
  set(ACTIVE + (slot << 2), fired);
  set(WINNERS + (slot << 2), winners);
  return predicted;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function fire(list: usize, flags: usize, slot: u32, cell: u32): void {
  store<u32>(at32(list, slot), cell);
  setBit(flags, cell);
}

/** Whether a step was mostly predicted, so that its cells stand for one context. */
function wasCalm(slot: u32): bool {
  return count(ACTIVE + (slot << 2)) < 4 * count(WINNERS + (slot << 2));
}

/** The cell of a column with the fewest segments; chance decides between equals. */
function idlest(first: u32, width: u32, step: u32): u32 {
  const turn = hash(step, first);
  let chosen: u32 = 0;
  let fewest: u32 = 256;
  for (let i: u32 = 0; i < width; i++) {
    const cell = first + ((turn + i) & (width - 1));
    const own = <u32>load<u8>(load_ + cell);
    if (own < fewest) {
      fewest = own;
      chosen = cell;
    }
  }
  return chosen;
}

/** Counts, for every segment that hears an active cell, its active synapses. */
function spread(step: u32): void {
  clearOverlaps();
  let seen: u32 = 0;
  const cells: u32 = <u32>columns << shift;
  for (let lag: u32 = 0; lag < <u32>reach; lag++) {
    const slot = (step + 3 - lag) % 3;
    const list = active + ((<usize>(slot * <u32>columnsMax) << shift) << 2);
    const fired = count(ACTIVE + (slot << 2));
    const heads = head + (<usize>(lag * cells) << 2);
    for (let from: u32 = 0; from < fired; from += chainsMax) {
      // All lists are walked side by side: their loads do not wait for one another.
      let alive: u32 = 0;
      for (let i = from; i < min(fired, from + chainsMax); i++) {
        const next = load<u32>(heads + (<usize>load<u32>(at32(list, i)) << 2));
        store<u32>(at32(chains, alive), next);
        alive += next ? 1 : 0;
      }
      while (alive) {
        let left: u32 = 0;
        for (let i: u32 = 0; i < alive; i++) {
          const j = load<u32>(at32(chains, i)) - 1;
          const word = load<u32>(synapse + <usize>j * 7);
          const s = j >>> blockBits;
          const p = overlap + (<usize>s << 1);
          const before = <u32>load<u16>(p);
          // Written in any case, counted only at the first synapse: no branch to guess.
          store<u32>(at32(touched, seen), s);
          seen += before ? 0 : 1;
          store<u16>(p, <u16>(before + 1 + (word >>> 24 >= connected ? 256 : 0)));
          const next = word & 0xffffff;
          store<u32>(at32(chains, left), next);
          left += next ? 1 : 0;
        }
        alive = left;
      }
    }
  }
  set(TOUCHED, seen);
}

function clearOverlaps(): void {
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) store<u16>(overlap + (<usize>load<u32>(at32(touched, i)) << 1), 0);
  set(TOUCHED, 0);
}

/** Permanences of synapses on active cells go up by `up`, of the others down by `down`; false when the segment died of it. */
function adapt(s: u32, lag: u32, up: i32, down: i32): bool {
  const slot = (count(STEP) + 2 - lag) % 3;
  const flags = bits + (<usize>slot) * ((<usize>columns << shift) >>> 3);
  const cells: u32 = <u32>columns << shift;
  const from = s << blockBits;
  for (let k: u32 = 0; k < 1 << <u32>blockBits; k++) {
    const at = synapse + <usize>(from + k) * 7;
    const permanence = <i32>load<u8>(at, 3);
    if (!permanence) continue;
    const cell = (load<u32>(at, 3) >>> 8) - lag * cells;
    const changed = min(255, hasBit(flags, cell) ? permanence + up : permanence - down);
    if (changed > 0) store<u8>(at, <u8>changed, 3);
    else remove(from + k);
  }
  if (<i32>load<u8>(held + <usize>s) >= minimum) return true;
  destroy(s);
  return false;
}

/** Up to `wanted` new synapses on cells that won before, chosen by chance. */
function grow(s: u32, lag: u32, wanted: i32, step: u32): void {
  const slot = (step + 2 - lag) % 3;
  const won = winner + (<usize>(slot * <u32>room) << 2);
  let left = count(WINNERS + (slot << 2));
  const o = load<u32>(at32(owner, s)) & 0xffffff;
  const base = lag * (<u32>columns << shift);
  memory.copy(candidates, won, <usize>left << 2);
  const from = s << blockBits;
  let turn = hash(step ^ 0x5bd1e995, o + base);
  let k: u32 = 0;
  while (wanted > 0 && left > 0) {
    turn = turn * 1664525 + 1013904223;
    const pick = <u32>((<u64>turn * <u64>left) >>> 32);
    const cell = base + load<u32>(at32(candidates, pick));
    left--;
    store<u32>(at32(candidates, pick), load<u32>(at32(candidates, left)));
    if (load<u8>(held + <usize>s) && hears(s, cell)) continue;
    while (k < 1 << <u32>blockBits && load<u8>(synapse + <usize>(from + k) * 7, 3)) k++;
    if (k == 1 << <u32>blockBits) return;
    const at = synapse + <usize>(from + k) * 7;
    const first = head + (<usize>cell << 2);
    store<u32>(at, load<u32>(first) | (<u32>initial << 24));
    store<u32>(at, (cell << 8) | <u32>initial, 3);
    store<u32>(first, from + k + 1);
    store<u8>(held + <usize>s, load<u8>(held + <usize>s) + 1);
    set(SYNAPSES, count(SYNAPSES) + 1);
    wanted--;
  }
}

/** Whether a segment has a synapse on a cell. */
function hears(s: u32, cell: u32): bool {
  const from = synapse + <usize>(s << blockBits) * 7;
  for (let k: usize = 0; k < 1 << <usize>blockBits; k++) {
    const word = load<u32>(from + k * 7, 3);
    if (word & 0xff && word >>> 8 == cell) return true;
  }
  return false;
}

/** A new segment of a cell, on the winners of the step before, or the one before that. */
function create(cell: u32, lag: u32, step: u32): void {
  if (<i32>count(WINNERS + (((step + 2 - lag) % 3) << 2)) < minimum || load<u8>(load_ + cell) == 255) return;
  let s: u32;
  const free = count(FREE);
  if (free) {
    s = free - 1;
    set(FREE, load<u32>(at32(owner, s)) & 0x7fffffff);
  } else if (<i32>count(MADE) < segments) {
    s = count(MADE);
    set(MADE, s + 1);
  } else {
    const least = leastUseful();
    if (least < 0) return;
    destroy(least);
    s = least;
    set(FREE, load<u32>(at32(owner, s)) & 0x7fffffff);
  }
  set(ALIVE, count(ALIVE) + 1);
  store<u32>(at32(owner, s), cell | (lag << 24));
  store<u32>(at32(used, s), step);
  store<u8>(proof + <usize>s, 0);
  store<u8>(held + <usize>s, 0);
  store<u8>(load_ + cell, load<u8>(load_ + cell) + 1);
  grow(s, lag, sample, step);
}

/** Of the next segments that do not match now, the one confirmed longest ago, each confirmation counting for it. */
function leastUseful(): i32 {
  let least = -1;
  let lowest: u32 = 0xffffffff;
  let hand = count(HAND);
  let looked = 0;
  for (let i = 0; i < segments && looked < lookedAt; i++) {
    const s = hand;
    hand = hand + 1 == <u32>segments ? 0 : hand + 1;
    if (<i32>load<u8>(overlap + (<usize>s << 1)) >= minimum || load<u32>(at32(owner, s)) >>> 31) continue;
    looked++;
    const worth = load<u32>(at32(used, s)) + <u32>load<u8>(proof + <usize>s) * confirmationSteps;
    if (worth < lowest) {
      lowest = worth;
      least = s;
    }
  }
  set(HAND, hand);
  return least;
}

/** Gives a segment back to the pool. */
function destroy(s: u32): void {
  const cell = load<u32>(at32(owner, s)) & 0xffffff;
  const from = s << blockBits;
  for (let k: u32 = 0; k < 1 << <u32>blockBits; k++) {
    if (load<u8>(synapse + <usize>(from + k) * 7, 3)) remove(from + k);
  }
  store<u8>(load_ + cell, load<u8>(load_ + cell) - 1);
  store<u32>(at32(owner, s), count(FREE) | 0x80000000);
  set(FREE, s + 1);
  set(ALIVE, count(ALIVE) - 1);
}

/** Takes a synapse out of the list of its cell, and frees it. */
function remove(j: u32): void {
  const at = synapse + <usize>j * 7;
  const next = load<u32>(at) & 0xffffff;
  const first = head + (<usize>(load<u32>(at, 3) >>> 8) << 2);
  let before = load<u32>(first);
  if (before == j + 1) store<u32>(first, next);
  else {
    for (;;) {
      const p = synapse + <usize>(before - 1) * 7;
      const word = load<u32>(p);
      if ((word & 0xffffff) == j + 1) {
        store<u32>(p, (word & 0xff000000) | next);
        break;
      }
      before = word & 0xffffff;
    }
  }
  store<u32>(at, 0);
  store<u32>(at, 0, 3);
  const s = j >>> blockBits;
  store<u8>(held + <usize>s, load<u8>(held + <usize>s) - 1);
  set(SYNAPSES, count(SYNAPSES) - 1);
}

/** Empties the lists of one of the last three steps. */
function forgetSlot(slot: u32): void {
  const list = active + ((<usize>(slot * <u32>columnsMax) << shift) << 2);
  const flags = bits + (<usize>slot) * ((<usize>columns << shift) >>> 3);
  const fired = count(ACTIVE + (slot << 2));
  for (let i: u32 = 0; i < fired; i++) store<u8>(flags + (<usize>load<u32>(at32(list, i)) >>> 3), 0);
  set(ACTIVE + (slot << 2), 0);
  set(WINNERS + (slot << 2), 0);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function count(which: usize): u32 {
  return load<u32>(counters + which);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function set(which: usize, value: u32): void {
  store<u32>(counters + which, value);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function at32(from: usize, i: u32): usize {
  return from + (<usize>i << 2);
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

// @ts-ignore: a decorator of AssemblyScript
@inline
function setBit(flags: usize, cell: u32): void {
  const p = flags + (<usize>cell >>> 3);
  store<u8>(p, <u8>(<u32>load<u8>(p) | (1 << (cell & 7))));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function hasBit(flags: usize, cell: u32): bool {
  return ((<u32>load<u8>(flags + (<usize>cell >>> 3)) >>> (cell & 7)) & 1) != 0;
}

/** 32 bits that look random. */
function hash(a: u32, b: u32): u32 {
  let x = count(SEED) ^ (a * 0x9e3779b1) ^ (b * 0x85ebca77);
  x = (x ^ (x >>> 16)) * 0x7feb352d;
  x = (x ^ (x >>> 15)) * 0x846ca68b;
  return x ^ (x >>> 16);
}
