// A server for the tests of the page: the page itself, two models, and for every picture the same 400 squares, unless a test wants
// something else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Mask } from '../lib/index.js';
import { page } from '../lib/serve/page.js';

export const [width, height] = [800, 600];

export interface Refusal {
  status: number;
  headers?: Record<string, string>;
  code: string;
  detail: string;
}

/** Of one request for a picture. */
export interface Asked {
  model: string | null;
  ratio: string | null;
  threshold: string | null;
  file: string;
  token: string | undefined;
}

export class PageServer {
  asked: Asked[] = [];
  /** What the next requests for a picture get instead of a result. */
  refusals: Refusal[] = [];
  /** The one that is wanted. */
  token: string | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response)).listen(0, '127.0.0.1');
  }

  static async open(): Promise<PageServer> {
    const server = new PageServer();
    await new Promise((resolve) => server.#server.once('listening', resolve));
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, this.address);
    const body = Buffer.concat(await request.toArray()).toString('latin1');
    if (pathname === '/') return sendPage(response);
    const { authorization } = request.headers;
    const isDetect = pathname === '/v1/detect';
    if (isDetect) this.asked.push(readAsked(searchParams, body, authorization));
    const isKnown = !this.token || authorization === `Bearer ${this.token}`;
    const refusal = isKnown ? (isDetect ? this.refusals.shift() : undefined) : unauthorized;
    if (refusal) sendProblem(response, refusal);
    else sendJson(response, 200, 'application/json', isDetect ? found : { models });
  }
}

function readAsked(query: URLSearchParams, body: string, token: string | undefined): Asked {
  const [model, ratio, threshold] = ['model', 'sampleRatio', 'scoreThreshold'].map((name) => query.get(name));
  return { model: model!, ratio: ratio!, threshold: threshold!, file: /filename="([^"]*)"/.exec(body)![1]!, token };
}

function sendPage(response: ServerResponse): void {
  const { html, contentSecurityPolicy } = page();
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy };
  response.writeHead(200, headers).end(html);
}

function sendProblem(response: ServerResponse, { status, headers, ...rest }: Refusal): void {
  const problem = { type: 'about:blank', title: `Refused with ${status}`, status, ...rest };
  sendJson(response, status, 'application/problem+json', problem, headers);
}

function sendJson(response: ServerResponse, status: number, type: string, value: object, headers = {}): void {
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(value));
}

const unauthorized: Refusal = { status: 401, code: 'ERR_MIMDET_INVALID_ARGUMENT', detail: 'Expected a token' };
const card = { license: 'CC0', metrics: { AP: 0.41234 } };
const models = [
  { name: 'second', classes: ['x'], parameters: 1e6 },
  { name: 'first', default: true, preset: 'tiny', classes: ['cell', 'dust'], parameters: 4.7e6, device: 'cpu', card },
];

/** Squares in rows, scores falling from 0.99; every fourth is `dust`. */
export const found = {
  file: 'one.png',
  width,
  height,
  ms: { decode: 1, queue: 2, model: 30, total: 40 },
  instances: Array.from({ length: 400 }, (_, i) => {
    const [x, y, side] = [(i % 20) * 40 + 5, Math.floor(i / 20) * 30 + 3, 24];
    const label = i % 4 === 3 ? { class: 'dust', classId: 1 } : { class: 'cell', classId: 0 };
    return { ...label, score: 0.99 - i * 0.002, box: [x, y, x + side, y + side], mask: square(x, y, side) };
  }),
};

function square(x: number, y: number, side: number) {
  const columns = Array.from({ length: side }, (_, i) => [i === 0 ? x * height + y : height - side, side]).flat();
  const rest = width * height - columns.reduce((sum, run) => sum + run, 0);
  const { size, counts } = Mask.fromRuns([...columns, rest], height, width);
  return { size, counts };
}
