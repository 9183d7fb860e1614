// Every number and name that a server is told: limits, who may call, where it listens. Before it: cli/serve. After it: all of lib/serve.

export interface ServeSettings {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Bytes of a request's body; more is 413. */
  maxBodyBytes: number;
  /** Pictures of a request; more is 413. */
  maxImages: number;
  /** Pixels of a picture; more is 422, by its header. */
  maxPixels: number;
  /** Tiles of a call with `tile`, over all its pictures; more is 400. */
  maxTiles: number;
  /** The highest `priority` that a caller may ask for, from 0 on: above it he would go before all who do not ask. */
  maxPriority: number;
  /** Pictures taken and not yet answered, over all models; one more is 503 with ERR_MIMDET_QUEUE_FULL. */
  maxQueue: number;
  /** Milliseconds that the pictures taken may need, by the time that pictures took so far; undefined: `maxQueue` alone. */
  maxWaitMs?: number | undefined;
  /** Milliseconds from a request's arrival to its results; a caller may ask for less, not for more. */
  deadlineMs: number;
  /**
   * Milliseconds in which a whole request has to come, its head in a sixth of them, its body at an even pace; else it is 408. An answer of
   * which nothing is taken for so long is given up.
   */
  requestMs: number;
  /** Requests of one client in a minute; 0: no limit. */
  ratePerMinute: number;
  /** Whoever knows one of them may call; none: everybody may. */
  tokens: readonly string[];
  /** Origins of other sites' pages that may call; '*' is all, none is CORS off. */
  corsOrigins: readonly string[];
  /** Addresses of proxies whose X-Forwarded-For is believed. */
  trustProxy: readonly string[];
  /** pino's names; 'silent' for tests. */
  logLevel: string;
}

/** Of `detect()`. */
export const leastPriority = -1000;

export const mebibyte = 2 ** 20;

export const defaultSettings: ServeSettings = {
  host: '127.0.0.1',
  port: 8080,
  maxBodyBytes: 64 * mebibyte,
  maxImages: 16,
  maxPixels: 64_000_000,
  maxTiles: 1024,
  maxPriority: 0,
  maxQueue: 64,
  deadlineMs: 60_000,
  requestMs: 60_000,
  ratePerMinute: 0,
  tokens: [],
  corsOrigins: [],
  trustProxy: [],
  logLevel: 'info',
};

/** Bodies that may be in memory at once: eight of the largest, many of the usual size. */
export const bodyMemory = (settings: ServeSettings) => 8 * settings.maxBodyBytes;
