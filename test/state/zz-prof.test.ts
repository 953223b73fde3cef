import { test } from 'vitest';
import { crc32 } from 'node:zlib';
import { slabTable, encode, decode } from '../../state/arrow.js';
import { frame, unframe } from '../../state/checkpoint.js';
import { f64 } from '../../state/layout.js';
import { streamEnd } from '../../state/stream.js';
import { filled, owner, sampleCheckpoint } from './samples.js';
test('prof', () => {
  const layout = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`part${i}`, f64(16)]));
  const names = Array.from({ length: 10_000 }, (_, i) => `sensor-${i}`);
  const { slab, keys } = filled(layout, names);
  const cpu = (name: string, f: () => unknown) => {
    f(); f();
    const ms: number[] = [];
    for (let i = 0; i < 15; i++) { const a = process.cpuUsage(); f(); const b = process.cpuUsage(a); ms.push((b.user + b.system) / 1000); }
    ms.sort((a, b) => a - b);
    console.log(name, 'cpu ms min', ms[0], 'median', ms[7]);
  };
  const t = slabTable(slab, keys, owner);
  console.log('pages', slab.pages.length);
  cpu('slabTable', () => slabTable(slab, keys, owner));
  cpu('encode', () => encode(t));
  const bytes = encode(t);
  cpu('crc', () => crc32(bytes));
  cpu('copy', () => bytes.slice());
  cpu('frame', () => frame(sampleCheckpoint({ stages: { r: { rows: slabTable(slab, keys, owner) } } })));
  cpu('streamEnd', () => streamEnd(bytes));
  cpu('decode', () => decode(bytes));
  const file = frame(sampleCheckpoint({ stages: { r: { rows: slabTable(slab, keys, owner) } } }));
  cpu('unframe', () => unframe(file));
});
