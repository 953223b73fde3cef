import { describe, expect, test } from 'vitest';
import {
  categoryBits,
  mix,
  octaveBits,
  octavesWidth,
  partWidth,
  phaseBits,
  placeBits,
  scalarBits,
  scalarSize,
  stepOf,
} from '../../models/encoders.js';

const bits = (write: (out: Uint32Array) => number): Set<number> => {
  const out = new Uint32Array(64);
  return new Set(out.subarray(0, write(out)));
};
const shared = (a: Set<number>, b: Set<number>): number => [...a].filter((bit) => b.has(bit)).length;

describe('encoders', () => {
  test('numbers share a bit for each step that they lie nearer than the width', () => {
    const of = (step: number) => bits((out) => scalarBits(step, 100, out, 0));
    const origin = of(1000);
    expect(origin.size).toBeGreaterThan(partWidth - 4);
    expect(Math.min(...origin)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...origin)).toBeLessThan(100 + scalarSize);
    expect(shared(origin, of(1001))).toBeGreaterThanOrEqual(origin.size - 2);
    expect(shared(origin, of(1010))).toBeGreaterThanOrEqual(7);
    expect(shared(origin, of(1010))).toBeLessThan(15);
    expect(shared(origin, of(1500))).toBeLessThan(5);
    expect(of(-7)).toEqual(of(-7));
  });
  test('a number keeps two thirds of its bits when a coarser octave takes the place of the finest', () => {
    const of = (value: number, octave: number) => bits((out) => octaveBits(value, octave, 0, out, 0));
    for (const value of [3.2, -71, 1000]) {
      expect(of(value, -2).size).toBeGreaterThan(octavesWidth - 4);
      expect(shared(of(value, -2), of(value, -1))).toBeGreaterThanOrEqual(12);
      expect(shared(of(value, -2), of(value, 4))).toBeLessThan(5);
    }
    // A step of the finest octave is seen, and numbers are told apart farther than it reaches.
    expect(of(3.2, -2)).not.toEqual(of(3.5, -2));
    expect(shared(of(0, 0), of(10, 0))).toBeGreaterThan(3);
    expect(shared(of(0, 0), of(100, 0))).toBeLessThan(5);
  });
  test('steps are cut far out', () => {
    expect(stepOf(5.2, 0.5)).toBe(10);
    expect(stepOf(-0.1, 0.5)).toBe(-1);
    expect(stepOf(1e300, 1e-9)).toBe(2 ** 30);
  });
  test('phases close in a circle', () => {
    const of = (phase: number) => bits((out) => phaseBits(phase, 0, out, 0));
    expect(of(0.25)).toEqual(of(7.25));
    expect(shared(of(0.99), of(0.01))).toBeGreaterThan(15);
    expect(shared(of(0), of(0.5))).toBe(0);
    expect(of(-0.25)).toEqual(of(0.75));
  });
  test('categories hardly overlap', () => {
    const of = (category: number) => bits((out) => categoryBits(category, 0, 400, out, 0));
    for (let c = 1; c < 50; c++) expect(shared(of(0), of(c))).toBeLessThan(9);
    expect(of(3)).toEqual(of(3));
  });
  test('places share bits with their neighbours, also across the pole side', () => {
    const of = (latitude: number, longitude: number) =>
      bits((out) => placeBits([latitude, longitude], 0.01, 0, 2000, out, 0));
    const here = of(48.137, 11.575);
    expect(shared(here, of(48.147, 11.575))).toBeGreaterThan(15);
    expect(shared(here, of(48.5, 11.575))).toBeLessThan(5);
    expect(of(89.9999, 10).size).toBeGreaterThan(20);
  });
  test('mixing spreads neighbours', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, x) => mix(x) % 4096)).size).toBeGreaterThan(850);
  });
});
