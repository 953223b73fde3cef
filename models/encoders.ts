import { kernels } from './kernels/index.js';
import { modulo } from './series.js';

/** Bits of every part of an encoding, always so many. */
export const partWidth = 21;

/** Bits that a number may set. */
export const scalarSize = 512;

/** Bits that a phase may set, and a word, and a place. */
export const phaseSize = 160;
export const categorySize = 512;
export const placeSize = 2048;

/** Cells of the grid around a place that it sets a bit for: 5 x 5. */
export const placeWidth = 25;

/** The farthest step from zero that numbers are told apart by. */
const stepMax = 1_073_741_824;

/** Which step a number is on, for a given resolution; cut far out. */
export const stepOf = (value: number, resolution: number): number =>
  Math.max(-stepMax, Math.min(stepMax, Math.floor(value / resolution)));

/** What chance of a seed is mixed with: nothing for the usual seed 1. */
export const saltOf = (seed: number): number => Math.imul(seed - 1, 0x9e3779b1);

/**
 * Random distributed scalar: writes the bits of a step and returns the end. Each of the next steps has a random bit of its
 * own, so numbers share a bit for every step they lie closer than `partWidth`, and no range need be known.
 */
export function scalarBits(step: number, from: number, out: Uint32Array, at: number, salt = 0): number {
  let end = at;
  for (let j = 0; j < partWidth; j++) end = add(mix((step + j) ^ salt), from, scalarSize, out, at, end);
  return end;
}

/** Writes the bits of a phase, which closes in a circle at whole numbers; the fewer there are, the more do neighbours share. */
export function phaseBits(phase: number, from: number, out: Uint32Array, at: number, size = phaseSize): number {
  const first = Math.floor((phase - Math.floor(phase)) * size);
  for (let j = 0; j < partWidth; j++) out[at + j] = from + ((first + j) % size);
  return at + partWidth;
}

/** Writes the bits of a category, a random set. */
export function categoryBits(category: number, from: number, out: Uint32Array, at: number, salt = 0): number {
  let end = at;
  const first = mix(category ^ salt);
  for (let j = 0; j < partWidth; j++) end = add(mix(first + j), from, categorySize, out, at, end);
  return end;
}

/** Degrees of latitude within which cells have one width: across the edge of a band neighbours share fewer bits. */
const bandDegrees = 5;

/** The cell of a place on a grid of about equal areas, `around` of them round the earth. */
export function cellOf(latitude: number, longitude: number, cellDegrees: number): Cell {
  // Degrees of longitude shrink towards the poles.
  const middle = (Math.floor(latitude / bandDegrees) + 0.5) * bandDegrees;
  const shrink = Math.max(0.01, kernels.cos((middle * Math.PI) / 180));
  const around = Math.max(1, Math.round((360 * shrink) / cellDegrees));
  const x = Math.floor(((longitude + 180) / 360) * around);
  return { x: modulo(x, around), y: Math.floor(latitude / cellDegrees), around };
}

export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly around: number;
}

/** Writes the bits of a cell: those of the 25 cells around it, so that neighbours share bits. */
export function placeBits({ x, y, around }: Cell, from: number, out: Uint32Array, at: number, salt = 0): number {
  let end = at;
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      const cell = Math.imul(modulo(x + dx, around), 0x9e3779b1) ^ mix(y + dy) ^ salt;
      end = add(mix(cell), from, placeSize, out, at, end);
    }
  }
  return end;
}

/** Writes a bit, or the next one that is free: every encoding has its number of bits. */
function add(chance: number, from: number, size: number, out: Uint32Array, at: number, end: number): number {
  let bit = chance % size;
  for (let i = at; i < end; i++) {
    if (out[i] !== from + bit) continue;
    bit = (bit + 1) % size;
    i = at - 1;
  }
  out[end] = from + bit;
  return end + 1;
}

/** 32 bits that look random. */
export function mix(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  y = Math.imul(y ^ (y >>> 15), 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}
