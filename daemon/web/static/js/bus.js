/** What has happened, to those who asked to hear of it. */

export class Bus {
  #heard = new Map();

  /** Hear of something from now on; returns how to stop that. */
  on(type, run) {
    if (!this.#heard.has(type)) this.#heard.set(type, new Set());
    const all = this.#heard.get(type);
    all.add(run);
    return () => all.delete(run);
  }

  emit(type, message) {
    const all = this.#heard.get(type);
    if (all) for (const run of all) run(message);
  }
}
