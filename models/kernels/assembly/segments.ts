// The pool of segments and synapses of a temporal memory. A segment is a block of synapses (a power of two), so that a
// synapse's number tells its segment, and every presynaptic cell heads a list through its synapses, so that a step visits
// only what hangs on active cells. A synapse takes 7 bytes: four of its link and its permanence, all that a walk reads, and
// three of its cell elsewhere, so that what is walked is as dense as can be.
// Chance is a hash of seed, step and cell: the order of work never matters.
// Known weakness: taking a synapse out walks the list of its cell, so cells with thousands of synapses are slow to leave.

/** More winners than this are not kept of a step. */
export const winnersMax = 1024;
const candidates = memory.data(winnersMax * 4, 16);
/** Segments looked at for the least useful one. */
const lookedAt = 24;
/** Each confirmation of a segment is worth this many steps of age. */
const confirmationSteps = 128;
/** A segment confirmed this often learns only one time in `seldom`. */
const mastered: u8 = 64;
const seldom: u32 = 8;

// Counters, u32 each.
export const STEP = 0;
export const MADE = 4; // segments ever taken from the pool's end
const FREE = 8; // 1 + first free segment
const HAND = 12; // where to look for the least useful
export const TOUCHED = 16;
const SEED = 20;
const ALIVE = 24; // segments in use
const SYNAPSES = 28; // synapses in use
export const ACTIVE = 32; // [2] cells in each list
export const WINNERS = 40; // [2]
export const HELD = 48; // [2] predicted cells behind the active ones of each list
export const WAITED = 56; // steps in a row that predictions have been held
export const SURPRISES = 60; // of the last steps, the newest in the lowest bit
export const COLUMNS = 64; // columns of the last step
export const FORESEEN = 68; // active cells that had been predicted: the first ones of the newest list

let counters: usize = 0;
let head: usize = 0; // u32[cells]
let synapse: usize = 0; // u32[segments][block]: 1 + next synapse of the same presynaptic cell | permanence x 255 << 24 (0: free)
let source: usize = 0; // 3 bytes[segments][block]: the presynaptic cell
let owner: usize = 0; // u32[segments]: cell; of a free segment 1 + the next free one | 1 << 31
let used: usize = 0; // u32[segments]: step of the last confirmation
let held: usize = 0; // u8[segments]: synapses
let proof: usize = 0; // u8[segments]: confirmations
let overlap: usize = 0; // u8[segments][2]: active synapses, and those of them that are connected
let touched: usize = 0; // u32[segments]: segments that match
let load_: usize = 0; // u8[cells]: segments of a cell
let segments: i32 = 0;
let blockBits: i32 = 0;
/** Cells that fired at the step before, one bit each, and who of them is listened to. */
let fired: usize = 0;
let won: usize = 0;
let wonCount: u32 = 0;

let activation: i32 = 0;
let minimum: i32 = 0;
let sample: i32 = 0;
let increment: i32 = 0;
let decrement: i32 = 0;
let punishment: i32 = 0;
let doubt: i32 = 0; // punishment of a segment that was never right
let initial: i32 = 0;
let connected: u32 = 0;

/** Says where the pool of the following calls lies, and how large it is. */
export function segmentState(
  counters_: usize, head_: usize, synapse_: usize, source_: usize, owner_: usize, used_: usize, held_: usize, proof_: usize,
  overlap_: usize, touched_: usize, load: usize, segments_: i32, blockBits_: i32,
): void {
  counters = counters_;
  head = head_;
  synapse = synapse_;
  source = source_;
  owner = owner_;
  used = used_;
  held = held_;
  proof = proof_;
  overlap = overlap_;
  touched = touched_;
  load_ = load;
  segments = segments_;
  blockBits = blockBits_;
}

/** How the following calls learn; permanences in 255ths. */
export function segmentRule(
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
  // A permanence of 0 is no synapse, whatever is connected.
  connected = max<u32>(1, <u32>connected_);
}

/** What segments learn from in this step. */
export function listen(fired_: usize, won_: usize, wonCount_: u32): void {
  fired = fired_;
  won = won_;
  wonCount = wonCount_;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function count(which: usize): u32 {
  return load<u32>(counters + which);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function set(which: usize, value: u32): void {
  store<u32>(counters + which, value);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function at32(from: usize, i: u32): usize {
  return from + (<usize>i << 2);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function ownerOf(s: u32): u32 {
  return load<u32>(at32(owner, s));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function usedAt(s: u32): u32 {
  return load<u32>(at32(used, s));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function proofOf(s: u32): u8 {
  return load<u8>(proof + <usize>s);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function touchedAt(i: u32): u32 {
  return load<u32>(at32(touched, i));
}

/** Active synapses of a segment. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function potentialOf(s: u32): i32 {
  return <i32>load<u8>(overlap + (<usize>s << 1));
}

/** Whether enough of them are connected. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function speaks(s: u32): bool {
  return <i32>load<u8>(overlap + (<usize>s << 1), 1) >= activation;
}

/** Whether a segment has so many active synapses that it may be meant for what is active. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function matches(s: u32): bool {
  return potentialOf(s) >= minimum;
}

/** Lists of synapses that are walked at once. */
const chainsMax: u32 = 2048;
const chains = memory.data(2048 * 4, 16);

/** Counts, for every segment that hears one of `n` cells, its active synapses, and lists those that match. */
export function hear(list: usize, n: u32): void {
  hush();
  let seen: u32 = 0;
  for (let from: u32 = 0; from < n; from += chainsMax) {
    // All lists are walked side by side: their loads do not wait for one another.
    let alive: u32 = 0;
    for (let i = from; i < min(n, from + chainsMax); i++) {
      const next = load<u32>(at32(head, load<u32>(at32(list, i))));
      store<u32>(at32(chains, alive), next);
      alive += next ? 1 : 0;
    }
    while (alive) {
      let left: u32 = 0;
      for (let i: u32 = 0; i < alive; i++) {
        const j = load<u32>(at32(chains, i)) - 1;
        const word = load<u32>(at32(synapse, j));
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
  keepMatching(seen);
}

/** Most segments heard next to nothing: they are forgotten here once, instead of being looked at in every loop of a step. */
function keepMatching(seen: u32): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < seen; i++) {
    const s = touchedAt(i);
    const p = overlap + (<usize>s << 1);
    const now = <u32>load<u16>(p);
    const keep = <i32>(now & 255) >= minimum;
    store<u32>(at32(touched, kept), s);
    store<u16>(p, <u16>(keep ? now : 0));
    kept += keep ? 1 : 0;
  }
  set(TOUCHED, kept);
}

/** Whether enough connected synapses of a segment are on cells of columns that have a bit in `flags`. */
export function wouldSpeak(s: u32, flags: usize, shift: i32): bool {
  const from = s << blockBits;
  const size: u32 = 1 << blockBits;
  const level = i32x4.splat(connected << 24);
  let most = 0;
  for (let k: u32 = 0; k < size; k += 4) {
    most += popcnt(i32x4.bitmask(i32x4.ge_u(v128.load(at32(synapse, from + k)), level)));
  }
  if (most < activation) return false;
  let active = 0;
  for (let k: u32 = 0; k < size; k++) {
    const hears = hasBit(flags, cellOf(from + k) >>> shift) && <u32>load<u8>(at32(synapse, from + k), 3) >= connected;
    active += hears ? 1 : 0;
  }
  return active >= activation;
}

/** Which of sixteen segments were ever right, one bit each; of the first `made` ones. */
export function provedOf(first: u32, made: u32): u32 {
  if (first + 16 > made) {
    let bits: u32 = 0;
    for (let s = first; s < made; s++) bits |= proofOf(s) ? 1 << (s - first) : 0;
    return bits;
  }
  return ~<u32>i8x16.bitmask(i8x16.eq(v128.load(proof + <usize>first), i8x16.splat(0))) & 0xffff;
}

/** Nothing is heard any more. */
export function hush(): void {
  const seen = count(TOUCHED);
  for (let i: u32 = 0; i < seen; i++) store<u16>(overlap + (<usize>touchedAt(i) << 1), 0);
  set(TOUCHED, 0);
}

/** A segment was right: it holds on to what was active, lets go of the rest, and hears more of it. */
export function praise(s: u32, step: u32): void {
  const potential = potentialOf(s);
  store<u32>(at32(used, s), step);
  const p = proof + <usize>s;
  const trust = load<u8>(p);
  if (trust < 255) store<u8>(p, trust + 1);
  // Mastered: it hears all it listens to, and has been right so often that one time more tells it little.
  if (trust >= mastered && potential == <i32>load<u8>(held + <usize>s) && hash(step, ownerOf(s)) % seldom) return;
  if (!adapt(s, increment, decrement)) return;
  if (potential < sample) grow(s, sample - potential, step);
}

/** A segment was wrong: it loses trust, and what made it speak. */
export function blame(s: u32): void {
  const p = proof + <usize>s;
  const trust = load<u8>(p);
  if (trust > 1) store<u8>(p, (trust + 1) >>> 1);
  adapt(s, -(trust ? punishment : doubt), 0);
}

/** Synapses of a segment that are lost at once, by their place in it. */
const losses = memory.data(128 + 16, 16);

/** Permanences of synapses on active cells go up by `up`, of the others down by `down`; false when the segment died of it. */
function adapt(s: u32, up: i32, down: i32): bool {
  const from = s << blockBits;
  const zero = i32x4.splat(0);
  const ups = i32x4.splat(up);
  const downs = i32x4.splat(-down);
  let lost: u32 = 0;
  for (let k: u32 = 0; k < 1 << <u32>blockBits; k += 4) {
    const at = at32(synapse, from + k);
    const words = v128.load(at);
    const before = i32x4.shr_u(words, 24);
    const changed = i32x4.min_s(i32x4.add(before, v128.bitselect(ups, downs, firedOf(from + k))), i32x4.splat(255));
    const there = i32x4.ne(before, zero);
    const stays = v128.and(there, i32x4.gt_s(changed, zero));
    const nexts = v128.and(words, i32x4.splat(0xffffff));
    // What is lost keeps its word until it is taken out.
    v128.store(at, v128.bitselect(v128.or(nexts, i32x4.shl(changed, 24)), words, stays));
    for (let rest = i32x4.bitmask(v128.andnot(there, stays)); rest; rest &= rest - 1) {
      store<u8>(losses + <usize>lost, <u8>(k + ctz(rest)));
      lost++;
    }
  }
  if (lost) removeAll(s, lost);
  if (<i32>load<u8>(held + <usize>s) >= minimum) return true;
  destroy(s);
  return false;
}

/** Of four synapses, all bits where the presynaptic cell fired. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function firedOf(j: u32): v128 {
  const one = i32x4.splat(<i32>hasBit(fired, cellOf(j)));
  const two = i32x4.replace_lane(one, 1, <i32>hasBit(fired, cellOf(j + 1)));
  const three = i32x4.replace_lane(two, 2, <i32>hasBit(fired, cellOf(j + 2)));
  return i32x4.neg(i32x4.replace_lane(three, 3, <i32>hasBit(fired, cellOf(j + 3))));
}

/** Up to `wanted` new synapses on cells that won before, chosen by chance. */
function grow(s: u32, wanted: i32, step: u32): void {
  let left = wonCount;
  memory.copy(candidates, won, <usize>left << 2);
  const from = s << blockBits;
  // Winners are different cells: only what a segment heard before can it hear already.
  const old = load<u8>(held + <usize>s) != 0;
  let turn = hash(step ^ 0x5bd1e995, ownerOf(s));
  let k: u32 = 0;
  while (wanted > 0 && left > 0) {
    turn = turn * 1664525 + 1013904223;
    const pick = <u32>((<u64>turn * <u64>left) >>> 32);
    const cell = load<u32>(at32(candidates, pick));
    left--;
    store<u32>(at32(candidates, pick), load<u32>(at32(candidates, left)));
    if (old && hears(s, cell)) continue;
    while (k < 1 << <u32>blockBits && load<u8>(at32(synapse, from + k), 3)) k++;
    if (k == 1 << <u32>blockBits) return;
    const first = head + (<usize>cell << 2);
    store<u32>(at32(synapse, from + k), load<u32>(first) | (<u32>initial << 24));
    const p = source + <usize>(from + k) * 3;
    store<u16>(p, <u16>cell);
    store<u8>(p, <u8>(cell >>> 16), 2);
    store<u32>(first, from + k + 1);
    store<u8>(held + <usize>s, load<u8>(held + <usize>s) + 1);
    set(SYNAPSES, count(SYNAPSES) + 1);
    wanted--;
  }
}

/** Whether a segment has a synapse on a cell. */
function hears(s: u32, cell: u32): bool {
  const from = s << blockBits;
  for (let k: u32 = 0; k < 1 << <u32>blockBits; k++) {
    if (cellOf(from + k) == cell && load<u8>(at32(synapse, from + k), 3)) return true;
  }
  return false;
}

/** A new segment of a cell, on the winners of the step before. */
export function create(cell: u32, step: u32): void {
  if (<i32>wonCount < minimum || load<u8>(load_ + cell) == 255) return;
  let s: u32;
  const free = count(FREE);
  if (free) {
    s = free - 1;
    set(FREE, ownerOf(s) & 0x7fffffff);
  } else if (<i32>count(MADE) < segments) {
    s = count(MADE);
    set(MADE, s + 1);
  } else {
    const least = leastUseful();
    if (least < 0) return;
    destroy(least);
    s = least;
    set(FREE, ownerOf(s) & 0x7fffffff);
  }
  set(ALIVE, count(ALIVE) + 1);
  store<u32>(at32(owner, s), cell);
  store<u32>(at32(used, s), step);
  store<u8>(proof + <usize>s, 0);
  store<u8>(held + <usize>s, 0);
  store<u8>(load_ + cell, load<u8>(load_ + cell) + 1);
  grow(s, sample, step);
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
    if (matches(s) || ownerOf(s) >>> 31) continue;
    looked++;
    const worth = usedAt(s) + <u32>proofOf(s) * confirmationSteps;
    if (worth < lowest) {
      lowest = worth;
      least = s;
    }
  }
  set(HAND, hand);
  return least;
}

/** Gives a segment back to the pool. */
export function destroy(s: u32): void {
  const cell = ownerOf(s);
  const from = s << blockBits;
  let lost: u32 = 0;
  for (let k: u32 = 0; k < 1 << <u32>blockBits; k++) {
    store<u8>(losses + <usize>lost, <u8>k);
    lost += load<u8>(at32(synapse, from + k), 3) ? 1 : 0;
  }
  removeAll(s, lost);
  store<u8>(load_ + cell, load<u8>(load_ + cell) - 1);
  store<u32>(at32(owner, s), count(FREE) | 0x80000000);
  set(FREE, s + 1);
  set(ALIVE, count(ALIVE) - 1);
}

/** Nobody hears a cell any more. */
export function silence(cell: u32): void {
  const from = head + (<usize>cell << 2);
  while (load<u32>(from)) removeFirst(cell);
}

/** Takes the first synapse of a cell out of its list, and frees it. */
function removeFirst(cell: u32): void {
  const first = head + (<usize>cell << 2);
  const j = load<u32>(first) - 1;
  const at = at32(synapse, j);
  store<u32>(first, load<u32>(at) & 0xffffff);
  store<u32>(at, 0);
  freed(j >>> blockBits, 1);
}

/** Links that are followed at once, and the synapses that they are followed to. */
const links = memory.data(128 * 4, 16);
const sought = memory.data(128 * 4, 16);

/** Takes so many `losses` of a segment out of the lists of their cells, and frees them. */
function removeAll(s: u32, lost: u32): void {
  const from = s << blockBits;
  for (let i: u32 = 0; i < lost; i++) {
    const j = from + load<u8>(losses + <usize>i);
    store<u32>(at32(links, i), <u32>(head + (<usize>cellOf(j) << 2)));
    store<u32>(at32(sought, i), j);
  }
  // A segment has but one synapse on a cell, so no list is walked twice; side by side, as where they are heard.
  let alive = lost;
  while (alive) {
    let left: u32 = 0;
    for (let i: u32 = 0; i < alive; i++) {
      const p = <usize>load<u32>(at32(links, i));
      const j = load<u32>(at32(sought, i));
      const word = load<u32>(p);
      const next = (word & 0xffffff) - 1;
      const at = at32(synapse, next);
      if (next == j) store<u32>(p, (word & 0xff000000) | (load<u32>(at) & 0xffffff));
      store<u32>(at32(links, left), <u32>at);
      store<u32>(at32(sought, left), j);
      left += next == j ? 0 : 1;
    }
    alive = left;
  }
  for (let i: u32 = 0; i < lost; i++) store<u32>(at32(synapse, from + load<u8>(losses + <usize>i)), 0);
  freed(s, lost);
}

/** A segment has so many synapses less. */
function freed(s: u32, lost: u32): void {
  store<u8>(held + <usize>s, <u8>(load<u8>(held + <usize>s) - lost));
  set(SYNAPSES, count(SYNAPSES) - lost);
}

/** The cell of a column with the fewest segments; chance decides between equals. */
export function idlest(first: u32, width: u32, step: u32): u32 {
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

/** The presynaptic cell of a synapse. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function cellOf(j: u32): u32 {
  return load<u32>(source + <usize>j * 3) & 0xffffff;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function hasBit(flags: usize, cell: u32): bool {
  return ((<u32>load<u8>(flags + (<usize>cell >>> 3)) >>> (cell & 7)) & 1) != 0;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function setBit(flags: usize, i: u32): void {
  const p = flags + (<usize>i >>> 3);
  store<u8>(p, <u8>(<u32>load<u8>(p) | (1 << (i & 7))));
}

/** 32 bits that look random. */
function hash(a: u32, b: u32): u32 {
  let x = count(SEED) ^ (a * 0x9e3779b1) ^ (b * 0x85ebca77);
  x = (x ^ (x >>> 16)) * 0x7feb352d;
  x = (x ^ (x >>> 15)) * 0x846ca68b;
  return x ^ (x >>> 16);
}
