import { compressFrameSync } from 'lz4-napi';
import { expect, test, vi } from 'vitest';
import { unpackLz4 } from '../../../connectors/codecs/arrow-packing.js';
import { MissingPackage } from '../../../connectors/codecs/package.js';

vi.mock('node:module', async (original) => ({
  ...(await original<typeof import('node:module')>()),
  createRequire: () => (name: string) => {
    throw new Error(`Cannot find module '${name}'`);
  },
}));

test('columns packed with LZ4 say which package they need where it is not there, and are not called damaged', () => {
  const packed = compressFrameSync(Buffer.from('numbers'));
  expect(() => unpackLz4(packed)).toThrow(MissingPackage);
  expect(() => unpackLz4(packed)).toThrow(
    /Arrow columns packed with LZ4 need the package lz4-napi.*npm install lz4-napi/,
  );
});
