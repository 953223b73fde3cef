import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'vitest';
import { normalize } from '../../operators/normalize.js';
import { seasons } from '../../operators/seasons.js';
import { remember } from '../../operators/remember.js';
import { interval } from '../../operators/interval.js';
import { detect } from '../../operators/detect.js';
import { episode } from '../../operators/episode.js';
import { evaluate, scoresOf } from '../../operators/evaluate.js';
import { Subject } from 'rxjs';
const stages = () => [normalize(), seasons(), remember({ memory: 'default', horizons: [1, 5, 48] }), interval(), detect(), episode(), evaluate()] as any[];
function go(file: string) {
  let at: any = { name: 's', channels: ['value'] };
  const opened = stages().map((s) => { const o = s.open(at); at = { ...at, ...s.tells }; return o; });
  const input = new Subject<any>(); let made: any;
  opened.reduce((b: any, o: any) => o.operator(b), input).subscribe({ next: (b: any) => { made = b; }, error: (e: any) => { throw e; } });
  const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1).map((l, i) => { const [t, v] = l.split(','); return { key: 'k', timeMs: Date.parse(`${t!.replace(' ', 'T')}Z`), values: [Number(v)], offset: i }; });
  const out: any[] = [], an: any[] = [];
  const t0 = performance.now();
  for (let i = 0; i < rows.length; i += 500) { input.next({ shard: 's', rows: rows.slice(i, i + 500), rejects: [], next: i + 500 }); out.push(...made.rows); an.push(...(made.anomalies ?? [])); }
  input.next({ shard: 's', rows: [], rejects: [], next: rows.length, ends: true }); an.push(...(made.anomalies ?? []));
  const us = (performance.now() - t0) / rows.length * 1000;
  const scores = scoresOf(opened.at(-1).save());
  opened.forEach((o) => o.close());
  return { out, an, scores, us, n: rows.length };
}
test('real', () => {
  const { out, an, scores, us } = go('data/nyc_taxi.csv');
  console.log('Z us/row', us.toFixed(1), 'rate', [0.1, 0.01, 0.001, 0.0005].map((p) => out.filter((r) => r.score <= p).length / out.length / p));
  for (const a of an) console.log('Z', new Date(a.startMs).toISOString(), a.status, a.severity, a.score.toExponential(1), a.alarms, a.why);
  for (const s of scores) console.log('Z', JSON.stringify(s));
  const base = '/work/shared/data/nab';
  const labels = JSON.parse(readFileSync(`${base}/labels/combined_windows.json`, 'utf8'));
  let hit = 0, windows = 0, fp = 0, total = 0, alarmsIn = 0, n = 0; const per: any[] = [];
  for (const dir of readdirSync(`${base}/data`)) { if (dir.includes('.')) continue; for (const f of readdirSync(`${base}/data/${dir}`)) {
    const r = go(`${base}/data/${dir}/${f}`); n += r.n;
    const w = (labels[`${dir}/${f}`] as string[][]).map((x) => x.map((t) => Date.parse(`${t.slice(0, 19).replace(' ', 'T')}Z`)) as [number, number]);
    const inside = (ms: number) => w.findIndex(([a, b]) => ms >= a && ms <= b);
    const found = new Set(r.out.filter((x) => x.alarm).map((x) => inside(x.timeMs)).filter((i) => i >= 0));
    const f2 = r.an.filter((a) => inside(a.startMs) < 0).length;
    hit += found.size; windows += w.length; fp += f2; total += r.an.length; alarmsIn += r.out.filter((x) => x.alarm).length;
    per.push(`${dir}/${f} ${r.n} ${found.size}/${w.length} false ${f2} alarms ${r.out.filter((x) => x.alarm).length} firstscores`);
  } }
  for (const p of per) console.log('Z', p);
  console.log('Z windows', hit, windows, 'false episodes', fp, 'episodes', total, 'alarm rows', alarmsIn, 'rows', n);
}, 600000);
