/** The save that is on its way while a run goes on: one at a time, and none fails unheard. */
export class Saving {
  #running: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /** Takes over a save that has read all it needs; the one before must have ended. */
  begin(save: Promise<void>, done: () => void): void {
    this.#running = save.then(done, (error: unknown) => {
      this.#failure = { error };
    });
  }

  /** Throws what the save threw, as soon as that is known. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for the one on its way, and throws what it threw. */
  async ended(): Promise<void> {
    await this.#running;
    this.check();
  }

  /** Waits for it, come what may: for who has another error to tell. */
  async quiet(): Promise<void> {
    await this.#running;
  }
}
