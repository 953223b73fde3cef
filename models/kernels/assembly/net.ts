// What a net that many series share needs beside its cell; f32, n a multiple of four.

/** y[n] <- x[n] */
export function copy(x: usize, y: usize, n: i32): void {
  memory.copy(y, x, (<usize>n) << 2);
}

/** x[n] <- 0 */
export function zero(x: usize, n: i32): void {
  memory.fill(x, 0, (<usize>n) << 2);
}

/** y[n] <- y + x[n] */
export function adds(x: usize, y: usize, n: i32): void {
  for (let i: usize = 0, end: usize = (<usize>n) << 2; i < end; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(x + i)));
  }
}

/**
 * A linear head W[blocks][n][4] that said W x, with slopes e[blocks][4] of the loss in what it said:
 *   g <- g + e x';  blame <- W' e, of the first `outputs` of x
 */
export function headBack(w: usize, x: usize, e: usize, blame: usize, g: usize, blocks: i32, outputs: i32, n: i32): void {
  memory.fill(blame, 0, (<usize>outputs) << 2);
  const inner: usize = (<usize>outputs) << 2;
  for (let b = 0; b < blocks; b++, e += 16) {
    const own = v128.load(e);
    for (let k: usize = 0, end: usize = (<usize>n) << 2; k < end; k += 4, w += 16, g += 16) {
      v128.store(g, f32x4.add(v128.load(g), f32x4.mul(own, v128.load32_splat(x + k))));
      if (k < inner) {
        const part = f32x4.mul(v128.load(w), own);
        const left = f32x4.extract_lane(part, 0) + f32x4.extract_lane(part, 1);
        store<f32>(blame + k, load<f32>(blame + k) + (left + (f32x4.extract_lane(part, 2) + f32x4.extract_lane(part, 3))));
      }
    }
  }
}
