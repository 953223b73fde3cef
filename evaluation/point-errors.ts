/** Errors of point forecasts against the truth, summed as they come. */
export class PointErrors {
  count = 0;
  #absolute = 0;
  #squared = 0;
  #truth = 0;

  /** A missing truth scores nothing; a missing forecast is an error, since leaving it out would flatter. */
  add(truth: number, prediction: number): void {
    if (Number.isNaN(truth)) return;
    if (!Number.isFinite(prediction)) {
      throw new Error(
        `expected a forecast for a row that is scored, came ${prediction}: the memory must always answer`,
      );
    }
    const error = truth - prediction;
    this.count++;
    this.#absolute += Math.abs(error);
    this.#squared += error * error;
    this.#truth += Math.abs(truth);
  }

  /** Sum of absolute errors over the sum of absolute truths: not the mean of ratios. */
  get mape(): number {
    return this.#absolute / this.#truth;
  }

  get mae(): number {
    return this.#absolute / this.count;
  }

  get mse(): number {
    return this.#squared / this.count;
  }

  get rmse(): number {
    return Math.sqrt(this.mse);
  }

  /** Root of the mean square over a deviation that the protocol names. */
  nrmse(deviation: number): number {
    return this.rmse / deviation;
  }
}

/** Population deviation of a whole series. */
export function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
