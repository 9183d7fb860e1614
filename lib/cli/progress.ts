// A progress bar with rate and time left, on standard error and only on a terminal; results pass above it.

const drawEveryMs = 100;

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
}

/** What a bar may say beside its numbers. */
export interface ProgressWords {
  /** Done before the bar was there: they do not count for the rate. */
  before?: number;
  /** Words at the end. */
  extra?: string;
}

/** `4.1/s`; where one takes seconds, `2.5 s each`. */
function speedText(rate: number): string {
  if (rate > 0 && rate < 0.95) return `${(1 / rate).toFixed(1)} s each`;
  return `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s`;
}

/** The bar's text: `[######----] 12/80  4.1/s  0:17 left`; without a known total just count, rate and time spent. */
export function progressText(
  done: number,
  total: number | undefined,
  seconds: number,
  columns: number,
  { before = 0, extra = '' }: ProgressWords = {},
): string {
  const rate = seconds > 0 ? (done - before) / seconds : 0;
  const speed = speedText(rate);
  if (total === undefined) return `${done} done  ${speed}  ${clock(seconds)}`;
  const left = done > before ? `${speed}  ${clock((total - done) / rate)} left` : 'waiting for the first';
  const counts = ` ${done}/${total}  ${done > 0 && done === before ? '' : left}`.trimEnd();
  const words = `${counts}${extra && `  ${extra}`}`.slice(0, Math.max(20, columns - 1));
  const cells = Math.max(0, Math.min(30, columns - words.length - 3));
  const full = total > 0 ? Math.round((cells * Math.min(done, total)) / total) : cells;
  return cells >= 5 ? `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]${words}` : words.trim();
}

export class Progress {
  private done: number;
  private readonly before: number;
  private extra = '';
  private readonly start = performance.now();
  private drawnAt = -Infinity;
  private shown = false;
  private readonly enabled: boolean;

  constructor(
    private readonly total: number | undefined,
    options: { quiet?: boolean | undefined; before?: number } = {},
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.done = this.before = options.before ?? 0;
    this.enabled = Boolean(stream.isTTY) && !options.quiet && process.env['TERM'] !== 'dumb';
  }

  /** One more is done; `extra` words stand behind the time left. */
  step(extra = ''): void {
    this.to(this.done + 1, extra);
  }

  /** So many are done. */
  to(done: number, extra = ''): void {
    this.done = done;
    this.extra = extra;
    const now = performance.now();
    if (this.enabled && now - this.drawnAt >= drawEveryMs) this.draw(now);
  }

  private draw(now: number): void {
    const words = { before: this.before, extra: this.extra };
    const text = progressText(this.done, this.total, (now - this.start) / 1000, this.stream.columns || 80, words);
    this.stream.write(`\r\u001b[K${text}`);
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
