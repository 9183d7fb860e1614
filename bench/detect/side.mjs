// One side of the bench: a child process that does a piece of work for each line it gets and answers with a line of JSON.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Side {
  /** Starts the program and waits until it says {"ready": true, …}; that line is `about`. */
  static async start(name, program, args, env = {}) {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    const side = new Side(name, child);
    side.about = await side.#next();
    return side;
  }

  #child;
  #lines;

  constructor(name, child) {
    this.name = name;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.milliseconds = [];
  }

  /** One piece of work: a picture's path to detect in, from the file to run-length coded masks, or a training step. */
  async ask(line) {
    this.#child.stdin.write(line + '\n');
    const answer = await this.#next();
    this.milliseconds.push(answer.ms);
    return answer;
  }

  async close() {
    this.#child.stdin.end();
    await this.#lines.next();
  }

  async #next() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the program of side "${this.name}" has ended: see its message above`);
    return JSON.parse(value);
  }
}
