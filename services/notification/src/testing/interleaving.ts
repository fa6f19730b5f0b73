/** Takes the steps of several actors one at a time, in an order that the test chooses, however long each takes. */
export class Interleaving {
  readonly #choose: (parked: number) => number;
  readonly #parked: (() => void)[] = [];
  #running = 0;

  /** @param choose Which of so many steps that are ready comes next. */
  constructor(choose: (parked: number) => number) {
    this.#choose = choose;
  }

  /** Called by an actor before its next step. */
  async step(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#parked.push(resolve);
      this.#rest();
    });
  }

  /** Runs all actors to their end. */
  async run(actors: readonly (() => Promise<void>)[]): Promise<void> {
    this.#running = actors.length;
    const act = async (actor: () => Promise<void>) => {
      try {
        await this.step();
        await actor();
      } finally {
        this.#rest();
      }
    };
    await Promise.all(actors.map(act));
  }

  /** Somebody waits or is done; when nobody runs any more, one goes on. */
  #rest(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    const [next] = this.#parked.splice(this.#choose(this.#parked.length), 1);
    if (!next) return;
    this.#running = 1;
    next();
  }
}
