import { f32, f64, type Layout, type Row } from '../state/layout.js';
import { adamOf } from './adam.js';
import { kernels } from './kernels/index.js';
import { scratchRoom } from './kernels/scratch.js';
import type { Input, MemoryOptions, Model, Prediction } from './model.js';
import type { NetCell } from './net-cell.js';
import { inputs, netPast, windowRows } from './net-past.js';
import { randomOf } from './random.js';
import { isValue, modulo } from './series.js';
import { trustOf } from './trust.js';
import { trackRecord } from './univariate.js';

/** The weights move after every so many events of the shard, wherever its batches are cut. */
const blockEvents = 32;
const rate = 1e-3;
/** Errors beyond this many units teach no more. */
const clip = 2;
/** What the net says is held to so many units. */
const saidMax = 8;
/** Trust in what the net says of a series: forgetting per row, and the squares it begins with. */
const trustForget = 0.998;
const doubt = 20;

/** The layout of the head behind the cell's weights: [blocks of four horizons][hidden, input][4]. */
export function headOf(cell: NetCell, horizons: readonly number[]) {
  const blocks = Math.ceil(horizons.length / 4);
  const features = cell.outputs + inputs;
  return { blocks, features, weights: 4 * blocks * features };
}

/** What lies in the shared row for each channel. */
export function netLayout(cell: NetCell, horizons: readonly number[]) {
  const weights = cell.weights + headOf(cell, horizons).weights;
  return {
    /** The cell's, and behind them those of the head. */
    weight: f32(weights),
    derived: f32(cell.derived),
    adam: adamOf(weights, rate).layout,
    gradient: f32(weights),
    /** Windows in the gradient. */
    windows: f64(),
  };
}

/** What lies in the row of a key for each channel. */
function seriesLayout(cell: NetCell, horizons: readonly number[]) {
  const slots = horizons[horizons.length - 1] + 1;
  return {
    past: netPast(horizons).layout,
    /** The state at the newest row, and the one where the next window begins. */
    state: f32(cell.state),
    behind: f32(cell.state),
    /** Per origin and horizon, what the net said. */
    said: f32(slots * 4 * headOf(cell, horizons).blocks),
    trust: trustOf(horizons.length, trustForget, 1, doubt).layout,
    record: trackRecord(horizons).layout,
  };
}

/**
 * One net for all keys of a shard: weights lie in the shared row, of each key only its state, so that a key costs some
 * kilobytes and many keys take a step in one call of a kernel. The net says how far a series will move from its last value,
 * in units free of level and size, from the row itself, two running means, and hour and day of the week:
 *   forecast_h = y_t + trust_h unit_t W_h [hidden; input]
 * It learns in windows of sixteen rows of one key once the last target of the window has come, by truncated backpropagation
 * from the state that a second pass has reached there. Gradients are gathered in the order of the events, and the weights move
 * after every 32 events of the shard: so no byte hangs on how batches are cut, but keys do teach each other. Knows nothing of a
 * key's own season beyond what hour, day and state tell.
 */
export function net(name: string, version: number, options: MemoryOptions, cell: NetCell): Model {
  const { channels, horizons, seed = 1 } = options;
  const count = horizons.length;
  const slots = horizons[count - 1] + 1;
  const past = netPast(horizons);
  const record = trackRecord(horizons);
  const trust = trustOf(count, trustForget, 1, doubt);
  const { blocks, features, weights } = headOf(cell, horizons);
  const adam = adamOf(cell.weights + weights, rate);
  type Net = Row<ReturnType<typeof netLayout>>;
  type Own = Row<ReturnType<typeof seriesLayout>>;
  const names = Array.from({ length: channels }, (_, c) => `c${c}`);
  const netOf = (shared: Row<Layout>, c: number) => shared[names[c]] as unknown as Net;
  const ownOf = (own: Row<Layout>, c: number) => own[names[c]] as unknown as Own;
  const eventsOf = (shared: Row<Layout>) => (shared as unknown as { events: Float64Array }).events;
  const addressOf = ({ weight, derived }: Net) => ({ weight: weight.byteOffset, derived: derived.byteOffset });

  // Written before it is read, in every call: no state. The room: features, what was said, slopes, blame, a state, addresses
  // of the lanes, and what the cell needs.
  const laneOf = new Array<number>(blockEvents).fill(-1);
  const windowInputs = new Array<number>(windowRows).fill(0);
  const slopes = features + 4 * blocks;
  const blame = slopes + 4 * blocks;
  const start = blame + windowRows * cell.outputs;
  const lanesAt = start + cell.state;
  const cellRoom = lanesAt + 2 * blockEvents;
  const roomBytes = 4 * cellRoom + cell.roomBytes(blockEvents, windowRows);

  /** What the head says of a state and an input, to an address; the features are left at the start of the room. */
  function say({ weight }: Net, state: number, input: number, to: number, room: number): void {
    kernels.copy(state, room, cell.outputs);
    kernels.copy(input, room + 4 * cell.outputs, inputs);
    kernels.blockProduct(weight.byteOffset + 4 * cell.weights, room, to, blocks, features);
  }

  /** A window adds its gradient; the errors of its rows and horizons weigh the same. */
  function learn(shared: Net, own: Own, first: number): void {
    const { at, floats } = scratchRoom(roomBytes);
    const state = own.behind.byteOffset;
    const { weight, gradient } = shared;
    const head = 4 * cell.weights;
    kernels.copy(state, at + 4 * start, cell.state);
    for (let s = 0; s < windowRows; s++) {
      const row = first + s;
      windowInputs[s] = past.inputAt(own.past, row);
      cell.forward(addressOf(shared), state, windowInputs[s], s, at + 4 * cellRoom);
      say(shared, state, windowInputs[s], at + 4 * features, at);
      for (let i = 0; i < 4 * blocks; i++) {
        const error = i < count ? floats[features + i] - past.target(own.past, row, horizons[i]) : 0;
        // What is missing teaches nothing.
        floats[slopes + i] = Number.isNaN(error) ? 0 : bound(error, clip) / (count * windowRows);
      }
      const line = at + 4 * (blame + (windowRows - 1 - s) * cell.outputs);
      const [w, g] = [weight.byteOffset + head, gradient.byteOffset + head];
      kernels.headBack(w, at, at + 4 * slopes, line, g, blocks, cell.outputs, features);
    }
    const window = { steps: windowRows, state: at + 4 * start, inputs: windowInputs, blame: at + 4 * blame };
    cell.back(addressOf(shared), window, gradient.byteOffset, at + 4 * cellRoom);
    shared.windows[0]++;
  }

  /** The weights move by what was gathered. */
  function move(shared: Net): void {
    if (shared.windows[0] === 0) return;
    adam.step(shared.adam, shared.weight.byteOffset, shared.gradient.byteOffset, 1 / shared.windows[0]);
    cell.settle(shared.weight, shared.derived);
    shared.gradient.fill(0);
    shared.windows[0] = 0;
  }

  /** Judges what was said for the newest row of a series; the surprise. */
  function judge(own: Own, t: number, value: number): number {
    if (!isValue(value)) return 0;
    for (let i = 0; i < count; i++) {
      const origin = t - horizons[i];
      if (origin < 0) continue;
      const left = past.target(own.past, origin, horizons[i]);
      if (!Number.isNaN(left)) trust.learn(own.trust, i, left, own.said[((modulo(origin, slots) * blocks) << 2) + i]);
    }
    return record.score(own.record, t, value, past.unitAt(own.past, t));
  }

  /** Events of one block and one channel, all of different keys. */
  function advance(
    shared: Net,
    owns: readonly Row<Layout>[],
    inputsOf: readonly Input[],
    outs: readonly Prediction[],
    from: number,
    upTo: number,
    c: number,
    before: number,
  ): void {
    const { at, words } = scratchRoom(roomBytes);
    let lanes = 0;
    for (let e = from; e < upTo; e++) {
      const own = ownOf(owns[e], c);
      const { values, scale, timeMs } = inputsOf[e];
      if (own.past.rows[0] === 0) own.past.phase[0] = modulo(before + e - from, windowRows);
      laneOf[e - from] = -1;
      if (!past.append(own.past, values[c], scale[c], timeMs)) continue;
      const t = own.past.rows[0] - 1;
      outs[e].surprise += judge(own, t, values[c]);
      laneOf[e - from] = lanes;
      words[lanesAt + 2 * lanes] = own.state.byteOffset;
      words[lanesAt + 2 * lanes++ + 1] = past.inputAt(own.past, t);
    }
    if (lanes > 0) cell.step(addressOf(shared), { at: at + 4 * lanesAt, count: lanes }, at + 4 * cellRoom);
    for (let e = from; e < upTo; e++) {
      if (laneOf[e - from] < 0) nothing(outs[e], c);
      else forecast(shared, ownOf(owns[e], c), outs[e], c, at);
    }
    for (let e = from; e < upTo; e++) {
      if (laneOf[e - from] < 0) continue;
      const own = ownOf(owns[e], c);
      const first = past.window(own.past);
      if (first >= 0) learn(shared, own, first);
    }
  }

  function nothing({ mean, spread }: Prediction, c: number): void {
    mean.fill(Number.NaN, c * count, (c + 1) * count);
    spread.fill(Number.NaN, c * count, (c + 1) * count);
  }

  function forecast(shared: Net, own: Own, out: Prediction, c: number, room: number): void {
    const t = own.past.rows[0] - 1;
    const line = modulo(t, slots) * 4 * blocks;
    say(shared, own.state.byteOffset, past.inputAt(own.past, t), own.said.byteOffset + 4 * line, room);
    const [last, unit] = [past.valueAt(own.past, t), past.unitAt(own.past, t)];
    const to = c * count;
    for (let i = 0; i < count; i++) {
      const said = bound(own.said[line + i], saidMax);
      own.said[line + i] = said;
      const ahead = last + trust.of(own.trust, i) * unit * said;
      out.mean[to + i] = Number.isFinite(ahead) ? ahead : last;
      out.spread[to + i] = record.spread(own.record, i, unit);
    }
    record.keep(own.record, t, out.mean, to);
  }

  function stepMany(
    shared: Row<Layout>,
    owns: readonly Row<Layout>[],
    inputsOf: readonly Input[],
    outs: readonly Prediction[],
  ): void {
    const events = eventsOf(shared);
    for (let from = 0; from < owns.length; ) {
      const upTo = Math.min(owns.length, from + blockEvents - modulo(events[0], blockEvents));
      for (let e = from; e < upTo; e++) outs[e].surprise = 0;
      for (let c = 0; c < channels; c++) advance(netOf(shared, c), owns, inputsOf, outs, from, upTo, c, events[0]);
      events[0] += upTo - from;
      from = upTo;
      if (modulo(events[0], blockEvents) === 0) for (let c = 0; c < channels; c++) move(netOf(shared, c));
    }
  }

  const one = { owns: [] as Row<Layout>[], inputs: [] as Input[], outs: [] as Prediction[] };
  return {
    name,
    version,
    ...options,
    seed,
    shared: { events: f64(), ...Object.fromEntries(names.map((c) => [c, netLayout(cell, horizons)])) },
    keyed: Object.fromEntries(names.map((c) => [c, seriesLayout(cell, horizons)])),
    init(shared) {
      for (let c = 0; c < channels; c++) {
        const own = netOf(shared, c);
        // The head begins at zero: before it has learned, the forecast is the last value.
        cell.start(own.weight.subarray(0, cell.weights), randomOf(seed));
        cell.settle(own.weight, own.derived);
        adam.start(own.adam);
      }
    },
    initKey(_, own) {
      for (let c = 0; c < channels; c++) trust.start(ownOf(own, c).trust);
    },
    step(shared, own, input, out) {
      one.owns[0] = own;
      one.inputs[0] = input;
      one.outs[0] = out;
      stepMany(shared, one.owns, one.inputs, one.outs);
    },
    stepMany,
  };
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));
