/**
 * A step whose output any lost, doubled or exchanged record changes from there on: it counts and averages per key and
 * chains all records of the shard. Built from the engine's own parts, compiled or not.
 * @param {{ keyed: Function, f64: Function }} parts
 */
export const movingOf =
  ({ keyed, f64 }) =>
  (most = Number.POSITIVE_INFINITY) =>
    keyed('moving', { most }, () => ({
      id: 'moving',
      version: '1',
      shared: { chain: f64(1) },
      layout: { count: f64(1), average: f64(1) },
      step(all, own, row, out) {
        const [value] = row.values;
        if (value === -987654321) throw new Error('the step chokes on this value');
        if (value > most) {
          out.reject(row, 'too-high', `expected at most ${most}, got ${value}`);
          return;
        }
        own.count[0]++;
        own.average[0] += 0.1 * (value - own.average[0]);
        all.chain[0] = (all.chain[0] * 31 + value + row.offset) % 1e9;
        out.emit({ ...row, count: own.count[0], average: own.average[0], chain: all.chain[0] });
      },
    }));

export const encodeMoved =
  (shard) =>
  ({ key, offset, values, count, average, chain }) =>
    JSON.stringify({ id: `${shard}@${offset}`, key, value: values[0], count, average, chain });
