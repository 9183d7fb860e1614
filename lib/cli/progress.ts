// A progress bar with rate and time left, on standard error and only on a terminal; results pass above it.

const drawEveryMs = 100;

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
}

/** The bar's text: `[######----] 12/80  4.1/s  0:17 left`; without a known total just count, rate and time spent. */
export function progressText(done: number, total: number | undefined, seconds: number, columns: number): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s`;
  if (total === undefined) return `${done} done  ${speed}  ${clock(seconds)}`;
  const left = done > 0 ? `${clock((total - done) / rate)} left` : 'waiting for the first';
  const words = ` ${done}/${total}  ${speed}  ${left}`;
  const cells = Math.max(0, Math.min(30, columns - words.length - 3));
  const full = total > 0 ? Math.round((cells * Math.min(done, total)) / total) : cells;
  return cells >= 5 ? `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]${words}` : words.trim();
}

export class Progress {
  private done = 0;
  private readonly start = performance.now();
  private drawnAt = -Infinity;
  private shown = false;
  private readonly enabled: boolean;

  constructor(
    private readonly total: number | undefined,
    options: { quiet?: boolean | undefined } = {},
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.enabled = Boolean(stream.isTTY) && !options.quiet && process.env['TERM'] !== 'dumb';
  }

  /** One more is done. */
  step(): void {
    this.done++;
    const now = performance.now();
    if (this.enabled && now - this.drawnAt >= drawEveryMs) this.draw(now);
  }

  private draw(now: number): void {
    this.stream.write(`\r\u001b[K${progressText(this.done, this.total, (now - this.start) / 1000, this.stream.columns || 80)}`);
    this.drawnAt = now;
    this.shown = true;
  }

  /** Takes the bar away, so that a line can be written where it stood. The next step draws it again. */
  clear(): void {
    if (this.shown) this.stream.write('\r\u001b[K');
    this.shown = false;
    this.drawnAt = -Infinity;
  }
}
