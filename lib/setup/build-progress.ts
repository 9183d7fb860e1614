// How far a build is, from its own "[3/80]" (Ninja) or "[ 12%]" (make). Before it: build-addon's `echo`. After it: a person who waits.

export interface BuildProgress {
  /** Takes the build's output as it comes. */
  echo: (text: string) => void;
  /** Ends the line that is rewritten on a terminal. */
  end: () => void;
}

/** Shows `title` and the step: on a terminal in one line at once, else a line every half minute. Silent where nothing is built. */
export function buildProgress(title: string, stream: NodeJS.WriteStream = process.stderr): BuildProgress {
  const pause = stream.isTTY ? 100 : 30_000;
  let last = -Infinity;
  const echo = (text: string): void => {
    const step = text.match(/^\[\s*(\d+\/\d+|\d+%)\]/gm)?.at(-1);
    if (!step || performance.now() - last < pause) return;
    stream.write(stream.isTTY ? `\r\x1b[K${title} ${step}` : `${title} ${step}\n`);
    last = performance.now();
  };
  const end = (): void => {
    if (stream.isTTY && last > 0) stream.write('\n');
  };
  return { echo, end };
}
