import type { Benchmark } from './benchmark.js';
import { calibration } from './protocols/calibration.js';
import { ett, etth1, ettm1 } from './protocols/ett.js';
import { hotgym } from './protocols/hotgym.js';
import { injected } from './protocols/injected.js';
import { nab } from './protocols/nab.js';
import { nycTaxi, nycTaxiDrift } from './protocols/nyc-taxi.js';
import { pems } from './protocols/pems.js';
import { skab } from './protocols/skab.js';
import { synthetic } from './protocols/synthetic.js';
import { traffic, trafficEighth } from './protocols/traffic.js';
import { vus } from './protocols/vus.js';

/** Every benchmark, in the order of the help. */
export const benchmarks: readonly Benchmark[] = [
  nycTaxi,
  nycTaxiDrift,
  hotgym,
  pems,
  ett,
  etth1,
  ettm1,
  traffic,
  trafficEighth,
  synthetic,
  nab,
  vus,
  skab,
  calibration,
  injected,
];
