/**
 * State is open: what the newest checkpoint of a folder holds, table by table, and what one step remembers of one key.
 * The tables are Arrow tables; docs/OPERATIONS.md reads the same file from Python.
 *
 *   npm start && node dist/examples/read-checkpoint.js out/state
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unframe } from '../index.js';

const [folder = 'out/state'] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.engram'));
const newest = files.sort().at(-1);
if (newest === undefined)
  throw new Error(`${folder}: expected checkpoints (*.engram), found none: run npm start first`);

const { shard, next, ended, stages } = unframe(readFileSync(join(folder, newest)));
console.log(`shard ${shard} at offset ${next}${ended ? ', where the log ended' : ''}`);
for (const [stage, tables] of Object.entries(stages)) {
  for (const [name, table] of Object.entries(tables)) {
    console.log(`${stage.padEnd(10)} ${name.padEnd(7)} ${table.numRows} rows, ${table.numCols} columns`);
  }
}

const rows = stages.seasons?.rows;
const [key, periods] = ['key', 'periods'].map((column) => rows?.getChild(column)?.get(0) as unknown);
if (rows) console.log(`seasons of ${key}: ${Array.from(periods as Int32Array).join(' and ')} rows`);
