// A headless Chromium for the tests of pages, spoken to through its debugging pipe: no package, no port. null where there is
// none.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Json = Record<string, unknown>;

/** CHROME_PATH, else what the search path has. */
export function findBrowser(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const places = [
    process.env['CHROME_PATH'] ?? '',
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
  ];
  return places.find((place) => place && existsSync(place)) ?? null;
}

export class Browser {
  readonly folder = mkdtempSync(join(tmpdir(), 'mimdet-browser-'));
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: Json): void; reject(error: Error): void }>();
  readonly #listeners: ((method: string, params: Json) => void)[] = [];
  #next = 1;
  #rest = '';

  constructor(path: string) {
    const flags = [
      '--headless=new',
      '--remote-debugging-pipe',
      '--no-first-run',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-sandbox',
    ];
    const args = [...flags, `--user-data-dir=${join(this.folder, 'profile')}`, 'about:blank'];
    this.#process = spawn(path, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const failed = () => this.#failAll(new Error('The browser ended'));
    this.#process.on('error', failed).on('exit', failed);
    (this.#process.stdio[3] as Writable).on('error', failed);
    (this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#read(text));
  }

  send(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
    const id = this.#next++;
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** A tab. @param width, height in CSS pixels */
  async open(url: string, { width = 1280, height = 800 } = {}): Promise<Tab> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, sessionId as string, targetId as string);
    this.#listeners.push((method, params) => tab.heard(method, params));
    for (const domain of ['Page', 'Runtime', 'Log', 'DOM']) await tab.send(`${domain}.enable`);
    await tab.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    await tab.send('Page.navigate', { url });
    await tab.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    return tab;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop()!;
    for (const message of messages) this.#take(JSON.parse(message) as Json);
  }

  #take({ id, result, error, method, params, sessionId }: Json): void {
    const waiting = this.#waiting.get(id as number);
    if (!waiting)
      return this.#listeners.forEach((listener) => listener(method as string, { ...(params as Json), sessionId }));
    this.#waiting.delete(id as number);
    if (error) waiting.reject(new Error((error as { message: string }).message));
    else waiting.resolve(result as Json);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export class Tab {
  /** Exceptions and violations of the page's policy. */
  readonly faults: string[] = [];

  constructor(
    readonly browser: Browser,
    readonly session: string,
    readonly target: string,
  ) {}

  send(method: string, params: Json = {}): Promise<Json> {
    return this.browser.send(method, params, this.session);
  }

  async close(): Promise<void> {
    await this.browser.send('Target.closeTarget', { targetId: this.target });
  }

  heard(method: string, { sessionId, exceptionDetails, entry }: Json): void {
    if (sessionId !== this.session) return;
    if (method === 'Runtime.exceptionThrown') this.faults.push(JSON.stringify(exceptionDetails));
    const { source, text } = (entry ?? {}) as { source?: string; text?: string };
    if (method === 'Log.entryAdded' && source === 'security') this.faults.push(text!);
  }

  async evaluate<T = unknown>(expression: string): Promise<T> {
    const answer = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (answer['exceptionDetails']) throw new Error(JSON.stringify(answer['exceptionDetails']));
    return (answer['result'] as { value: T }).value;
  }

  /** Waits until an expression is true. */
  async until(expression: string, limitMs = 30_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`Not true in time: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  text(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
  }

  async click(selector: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async key(key: string, modifiers = 0): Promise<void> {
    const text = key.length === 1 ? { text: key } : key === 'Enter' ? { text: '\r' } : {};
    const params = {
      key,
      code: key === 'Tab' ? 'Tab' : undefined,
      windowsVirtualKeyCode: keyCodes[key] ?? key.toUpperCase().charCodeAt(0),
      modifiers,
    };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...params, ...text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
  }

  async mouse(type: 'mouseMoved' | 'mousePressed' | 'mouseReleased', x: number, y: number): Promise<void> {
    const button = type === 'mouseMoved' ? 'none' : 'left';
    await this.send('Input.dispatchMouseEvent', { type, x, y, button, clickCount: button === 'left' ? 1 : 0 });
  }

  async setFiles(selector: string, files: string[]): Promise<void> {
    const { root } = (await this.send('DOM.getDocument')) as { root: { nodeId: number } };
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    await this.send('DOM.setFileInputFiles', { nodeId, files });
  }
}

const keyCodes: Record<string, number> = {
  Tab: 9,
  Enter: 13,
  Escape: 27,
  PageUp: 33,
  PageDown: 34,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
  Delete: 46,
};
