import { describe, expect, test } from 'vitest';
import {
  categoryBits,
  categorySize,
  cellOf,
  mix,
  partWidth,
  phaseBits,
  phaseSize,
  placeBits,
  placeSize,
  placeWidth,
  saltOf,
  scalarBits,
  scalarSize,
  stepOf,
} from '../../models/encoders.js';

const bits = (write: (out: Uint32Array) => number): Set<number> => {
  const out = new Uint32Array(64);
  return new Set(out.subarray(0, write(out)));
};
const shared = (a: Set<number>, b: Set<number>): number => [...a].filter((bit) => b.has(bit)).length;
const within = (of: Set<number>, from: number, size: number): boolean =>
  Math.min(...of) >= from && Math.max(...of) < from + size;

describe('encoders', () => {
  const number = (step: number, salt = 0) => bits((out) => scalarBits(step, 100, out, 0, salt));
  const word = (category: number, salt = 0) => bits((out) => categoryBits(category, 100, out, 0, salt));
  const place = (latitude: number, longitude: number, salt = 0) =>
    bits((out) => placeBits(cellOf(latitude, longitude, 0.01), 100, out, 0, salt));
  const phase = (at: number) => bits((out) => phaseBits(at, 100, out, 0));

  test('all set a fixed number of different bits in their own range', () => {
    for (let i = -500; i < 500; i++) {
      for (const [of, width, size] of [
        [number(i * 37), partWidth, scalarSize],
        [word(i * 7919), partWidth, categorySize],
        [place(i / 6, i / 3), placeWidth, placeSize],
        [phase(i / 77), partWidth, phaseSize],
      ] as const) {
        expect(of.size).toBe(width);
        expect(within(of, 100, size)).toBe(true);
      }
    }
  });
  test('the overlap of numbers falls with their distance, down to chance', () => {
    const mean = (distance: number): number => {
      let sum = 0;
      for (let i = 0; i < 300; i++) sum += shared(number(i * 53), number(i * 53 + distance));
      return sum / 300;
    };
    const overlaps = [0, 1, 3, 6, 10, 15, 21, 40].map(mean);
    for (let i = 1; i < 7; i++) expect(overlaps[i]).toBeLessThan(overlaps[i - 1]);
    expect(overlaps[0]).toBe(partWidth);
    expect(overlaps[1]).toBeGreaterThan(partWidth - 2);
    // Chance: 21 x 21 / 512.
    expect(overlaps[6]).toBeLessThan(1.6);
    expect(overlaps[7]).toBeLessThan(1.6);
  });
  test('bits follow from the number and the seed alone', () => {
    expect(number(-7)).toEqual(number(-7));
    expect(saltOf(1)).toBe(0);
    for (const of of [number, word] as const) {
      expect(of(5, saltOf(2))).toEqual(of(5, saltOf(2)));
      expect(shared(of(5, saltOf(2)), of(5))).toBeLessThan(6);
    }
    expect(shared(place(48, 11, saltOf(2)), place(48, 11))).toBeLessThan(6);
  });
  test('steps are cut far out', () => {
    expect(stepOf(5.2, 0.5)).toBe(10);
    expect(stepOf(-0.1, 0.5)).toBe(-1);
    expect(stepOf(1e300, 1e-9)).toBe(2 ** 30);
  });
  test('phases close in a circle, and overlap by nearness', () => {
    expect(phase(0.25)).toEqual(phase(7.25));
    expect(shared(phase(0.99), phase(0.01))).toBeGreaterThan(15);
    expect(shared(phase(0.1), phase(0.15))).toBe(13);
    expect(shared(phase(0), phase(0.5))).toBe(0);
    expect(phase(-0.25)).toEqual(phase(0.75));
  });
  test('categories hardly overlap, neighbours in number no more than others', () => {
    for (let c = 1; c < 200; c++) expect(shared(word(0), word(c))).toBeLessThan(7);
  });
  test('places share bits with their neighbours, by distance, in every direction and over the date line', () => {
    const [latitude, longitude] = [48.1375, 11.575];
    const east = [0, 1, 2, 3, 5].map((n) => shared(place(latitude, longitude), place(latitude, longitude + n * 0.015)));
    const north = [0, 1, 2, 3, 5].map((n) => shared(place(latitude, longitude), place(latitude + n * 0.01, longitude)));
    for (const overlaps of [east, north]) {
      expect(overlaps[0]).toBe(placeWidth);
      for (let i = 1; i < 4; i++) expect(overlaps[i]).toBeLessThan(overlaps[i - 1]);
      expect(overlaps[4]).toBeLessThan(4);
    }
    expect(shared(place(-17.005, 179.999), place(-17.005, -179.999))).toBeGreaterThan(15);
  });
  test('mixing spreads neighbours', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, x) => mix(x) % 4096)).size).toBeGreaterThan(850);
  });
});
