// Spatial pooler: input bits to a few winning columns whose overlap is that of the inputs. Permanences are u8, in 255ths,
// laid out by input, permanence[inputs][columns], so that the overlaps of all columns are sums of the rows of active
// inputs; 0 says that the column cannot see the input. (Cui, Ahmad and Hawkins, The HTM Spatial Pooler, 2017; winners of
// the whole field, or of each neighbourhood: `areas` equal stretches of columns have their own winners.)
// Known weakness: u8 permanences are coarse; slow rates are drawn by chance, one 255th at a time.

/**
 * overlap[columns], u16 <- boost x number of active inputs seen with a permanence of at least `connected`; winners[k], u32,
 * ascending <- the columns with the largest ones, ties to the lower column. Boost is f32 per column, or absent (0).
 */
export function poolerWinners(
  permanence: usize, boost: usize, input: usize, n: i32, overlap: usize, winners: usize, columns: i32, k: i32,
  areas: i32, connected: i32,
): i32 {
  memory.fill(overlap, 0, (<usize>columns) << 1);
  const level = i8x16.splat(<i8>connected);
  for (let i = 0; i < n; i++) {
    const row = permanence + <usize>load<u32>(input + ((<usize>i) << 2)) * <usize>columns;
    for (let c: usize = 0; c < <usize>columns; c += 16) {
      const hit = i8x16.ge_u(v128.load(row + c), level); // -1 where connected
      const p = overlap + (c << 1);
      v128.store(p, i16x8.sub(v128.load(p), i16x8.extend_low_i8x16_s(hit)));
      v128.store(p, i16x8.sub(v128.load(p, 16), i16x8.extend_high_i8x16_s(hit)), 16);
    }
  }
  if (boost) {
    for (let c: usize = 0; c < <usize>columns; c++) {
      const p = overlap + (c << 1);
      // Sixteenths keep what the boost adds between whole overlaps.
      store<u16>(p, <u16>min<f32>(65535, <f32>load<u16>(p) * load<f32>(boost + (c << 2)) * 16));
    }
  }
  const width = columns / areas;
  let found = 0;
  for (let a = 0; a < areas; a++) {
    // The k / areas largest: lower the bar until no more fit, then fill up with those at the bar.
    const share = k / areas;
    let low = 0;
    let high = 65536;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (above(overlap, a * width, width, middle) >= share) low = middle;
      else high = middle;
    }
    if (low == 0) continue;
    let spare = share - above(overlap, a * width, width, low + 1);
    for (let c = a * width; c < (a + 1) * width; c++) {
      const o = <i32>load<u16>(overlap + ((<usize>c) << 1));
      if (o < low || (o == low && spare <= 0)) continue;
      if (o == low) spare--;
      store<u32>(winners + ((<usize>found) << 2), c);
      found++;
    }
  }
  return found;
}

/** How many of `width` columns have an overlap of at least `bar`. */
function above(overlap: usize, first: i32, width: i32, bar: i32): i32 {
  let found = 0;
  const level = i16x8.splat(<i16>bar);
  if (bar > 65535) return 0;
  for (let c = first; c < first + width; c += 8) {
    found += popcnt(i16x8.bitmask(i16x8.ge_u(v128.load(overlap + ((<usize>c) << 1)), level)));
  }
  return found;
}

/** Winners that are taken at a time, and of the sequence of chance: turn j steps on is turn x power[j] + shift[j]. */
const strip = 64;
const power = memory.data(64 * 4, 16);
const shift = memory.data(64 * 4, 16);
const turns = memory.data(65 * 4, 16);

/**
 * The winners move towards the input: permanences of active inputs up by `up`, of the others down by `down`, in 1/65536 of
 * a 255th; parts of one are drawn from a sequence that begins with `turn`. Activity is u8 per input. Returns the next turn.
 */
export function poolerLearn(
  permanence: usize, activity: usize, inputs: i32, winners: usize, k: i32, columns: i32, up: u32, down: u32, turn: u32,
): u32 {
  let a: u32 = 1664525;
  let c: u32 = 1013904223;
  for (let j: usize = 0; j < <usize>strip; j++) {
    store<u32>(power + (j << 2), a);
    store<u32>(shift + (j << 2), c);
    a *= 1664525;
    c = c * 1664525 + 1013904223;
  }
  for (let i = 0; i < inputs; i++) {
    const row = permanence + <usize>i * <usize>columns;
    const on = load<u8>(activity + <usize>i) != 0;
    // A permanence of 0 stays, takes no turn and needs no branch: the change is added and cut off at both ends.
    const rate = on ? up : down;
    const sign = on ? 1 : -1;
    for (let w = 0; w < k; w += strip) turn = learnStrip(row, winners + (<usize>w << 2), min(strip, k - w), rate, sign, turn);
  }
  return turn;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function learnStrip(row: usize, winners: usize, k: i32, rate: u32, sign: i32, turn: u32): u32 {
  const now = i32x4.splat(turn);
  store<u32>(turns, turn);
  for (let j: usize = 0; j < <usize>k; j += 4) {
    const next = i32x4.add(i32x4.mul(now, v128.load(power + (j << 2))), v128.load(shift + (j << 2)));
    v128.store(turns + 4 + (j << 2), next);
  }
  let taken: usize = 0;
  for (let w: usize = 0; w < <usize>k; w++) {
    const p = row + <usize>load<u32>(winners + (w << 2));
    const before = <i32>load<u8>(p);
    const chance = load<u32>(turns + (taken << 2), 4) >>> 16;
    const change = <i32>((rate + chance) >>> 16) * sign;
    const after = max(1, min(255, before + change));
    store<u8>(p, <u8>(before ? after : 0));
    taken += before ? 1 : 0;
  }
  return load<u32>(turns + (taken << 2));
}

/** Duty cycles, f32 per column, move to who won by `rate`; boost <- exp(strength (share - duty)). */
export function poolerBoost(
  duty: usize, boost: usize, winners: usize, k: i32, columns: i32, rate: f32, strength: f32,
): void {
  const share = <f32>k / <f32>columns;
  for (let c: usize = 0; c < <usize>columns; c++) store<f32>(duty + (c << 2), load<f32>(duty + (c << 2)) * (1 - rate));
  for (let w = 0; w < k; w++) {
    const p = duty + (<usize>load<u32>(winners + ((<usize>w) << 2)) << 2);
    store<f32>(p, load<f32>(p) + rate);
  }
  for (let c: usize = 0; c < <usize>columns; c++) {
    store<f32>(boost + (c << 2), <f32>Math.exp(<f64>(strength * (share - load<f32>(duty + (c << 2))))));
  }
}
