import { kernels } from './kernels/index.js';

/** Bits of every part of an encoding. */
export const partWidth = 21;

/** Bits that a number may set. */
export const scalarSize = 512;

/** Bits that a phase may set. */
export const phaseSize = 160;

/** The farthest step from zero that numbers are told apart by. */
const stepMax = 1_073_741_824;

/** Which step a number is on, for a given resolution; cut far out. */
export const stepOf = (value: number, resolution: number): number =>
  Math.max(-stepMax, Math.min(stepMax, Math.floor(value / resolution)));

/**
 * Random distributed scalar: writes the bits of a step, `partWidth` or a few fewer, and returns the end. Each of the next
 * steps has a random bit of its own, so numbers share a bit for every step they lie closer than `partWidth`, and no range
 * need be known.
 */
export function scalarBits(step: number, from: number, out: Uint32Array, at: number): number {
  let end = at;
  for (let j = 0; j < partWidth; j++) end = add(from + (mix(step + j) % scalarSize), out, at, end);
  return end;
}

/** Powers of two that a number is told apart by at once, and bits of each. */
const octaves = 3;
const octaveWidth = 7;
export const octavesWidth = octaves * octaveWidth;

/**
 * Random distributed scalar at three resolutions at once, 2^octave and the next two: when the range outgrows the finest
 * one, a coarser takes its place, and two thirds of the bits of every number stay what they were.
 */
export function octaveBits(value: number, octave: number, from: number, out: Uint32Array, at: number): number {
  let end = at;
  for (let o = octave; o < octave + octaves; o++) {
    const step = stepOf(value, kernels.pow(2, o));
    for (let j = 0; j < octaveWidth; j++)
      end = add(from + (mix((step + j) ^ mix(o + 7777)) % scalarSize), out, at, end);
  }
  return end;
}

/** Writes the bits of a phase, which closes in a circle at whole numbers; the fewer there are, the more do neighbours share. */
export function phaseBits(phase: number, from: number, out: Uint32Array, at: number, size = phaseSize): number {
  const first = Math.floor((phase - Math.floor(phase)) * size);
  for (let j = 0; j < partWidth; j++) out[at + j] = from + ((first + j) % size);
  return at + partWidth;
}

/** Writes the bits of a category, a random set of `size` bits. */
export function categoryBits(category: number, from: number, size: number, out: Uint32Array, at: number): number {
  let end = at;
  for (let j = 0; j < partWidth; j++) end = add(from + (mix(Math.imul(category, 8191) + j) % size), out, at, end);
  return end;
}

/** Writes the bits of a place: those of the 25 cells of a grid around it, so that neighbours share bits. */
export function placeBits(
  [latitude, longitude]: readonly [number, number],
  cellDegrees: number,
  from: number,
  size: number,
  out: Uint32Array,
  at: number,
): number {
  // Degrees of longitude shrink towards the poles.
  const shrink = Math.max(0.01, kernels.cos((latitude * Math.PI) / 180));
  const y = Math.floor(latitude / cellDegrees);
  const x = Math.floor((longitude * shrink) / cellDegrees);
  let end = at;
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      end = add(from + (mix(Math.imul(x + dx, 0x9e3779b1) ^ mix(y + dy)) % size), out, at, end);
    }
  }
  return end;
}

/** Writes a bit unless it is there already. */
function add(bit: number, out: Uint32Array, at: number, end: number): number {
  for (let i = at; i < end; i++) if (out[i] === bit) return end;
  out[end] = bit;
  return end + 1;
}

/** 32 bits that look random. */
export function mix(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  y = Math.imul(y ^ (y >>> 15), 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}
