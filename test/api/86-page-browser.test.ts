// The page at `/` in a headless Chromium, with a server that answers what a test wants. Skipped where there is no browser.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import sharp from 'sharp';
import { Browser, findBrowser, type Tab } from '../browser.js';
import { found, height, PageServer, width } from '../page-server.js';

const path = findBrowser();
const skip = path ? false : 'no Chromium here (CHROME_PATH may name one)';

let browser: Browser;
let server: PageServer;
let pictures: string[];
let last: Tab | undefined;

before(async () => {
  if (!path) return;
  browser = new Browser(path);
  server = await PageServer.open();
  pictures = await Promise.all(['one.png', 'two.png', 'three.png'].map(writePicture));
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function writePicture(name: string): Promise<string> {
  const file = join(browser.folder, name);
  const picture = sharp({ create: { width, height, channels: 3, background: '#335577' } });
  await picture.png().toFile(file);
  return file;
}

async function open(size?: { width: number; height: number }): Promise<Tab> {
  server.asked = [];
  await last?.close(); // its pictures would be drawn on
  return (last = await browser.open(server.address, size));
}

async function openWithPictures(count = 1, size?: { width: number; height: number }): Promise<Tab> {
  const tab = await open(size);
  await tab.setFiles('#files', pictures.slice(0, count));
  await tab.until(`document.querySelectorAll('#strip li[data-status=done]').length === ${count}`);
  await tab.until("document.querySelector('#count').textContent");
  return tab;
}

test('a picture is shown with what was found, and the threshold acts without asking again', { skip }, async () => {
  const tab = await openWithPictures();
  assert.equal(await tab.text('#count'), '370 of 400'); // 0.99 - 0.002 i > 0.25
  assert.deepEqual(server.asked, [{ model: 'first', ratio: null, threshold: '0.05', file: 'one.png', token: undefined }]);
  await setSlider(tab, '#threshold', 0.9);
  await tab.until("document.querySelector('#count').textContent === '45 of 400'");
  assert.equal(await tab.evaluate("document.querySelectorAll('#instances li:not([hidden])').length"), 45);
  assert.equal(server.asked.length, 1);
  assert.deepEqual(tab.faults, []);
});

test('the sample ratio and the model ask again, from the picture that is kept', { skip }, async () => {
  const tab = await openWithPictures();
  await setSlider(tab, '#ratio', 70);
  await setSlider(tab, '#ratio', 50);
  assert.equal(await tab.text('#ratio-value'), '50 %');
  await waitFor(() => server.asked.length === 2);
  assert.deepEqual([server.asked[1]!.ratio, server.asked[1]!.model], ['0.5', 'first']);
  await tab.evaluate(
    "(() => { const m = document.querySelector('#model'); m.value = 'second'; m.dispatchEvent(new Event('change')); })()",
  );
  await waitFor(() => server.asked.length === 3);
  assert.equal(server.asked[2]!.model, 'second');
  assert.deepEqual(tab.faults, []);
});

test('picture and list are linked: pointing, clicking, keys', { skip }, async () => {
  const tab = await openWithPictures();
  const row = (index: number) => `document.querySelector('#instance-${index}')`;
  await point(tab, '#instance-2');
  await tab.until(`${row(2)}.classList.contains('focused')`);
  const place = await placeOfInstance(tab, 41);
  await tab.mouse('mouseMoved', place.x, place.y);
  await tab.until(`${row(41)}.classList.contains('focused') && !${row(2)}.classList.contains('focused')`);
  assert.ok(
    await tab.evaluate(
      `(() => {
    const list = document.querySelector('#instances').getBoundingClientRect();
    const row = ${row(41)}.getBoundingClientRect();
    return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
  })()`,
    ),
    'scrolled to',
  );
  assert.match(await tab.text('#detail'), /^cell 0\.9080, 24\.0 × 24\.0 px at \(45\.0, 63\.0\), mask 576 px$/);
  await tab.mouse('mousePressed', place.x, place.y);
  await tab.mouse('mouseReleased', place.x, place.y);
  await tab.until(`${row(41)}.getAttribute('aria-selected') === 'true'`);
  await tab.mouse('mouseMoved', 5, 5);
  await tab.until(`${row(41)}.classList.contains('focused')`);
  await tab.evaluate("document.querySelector('#stage').focus()");
  await tab.key('ArrowDown');
  await tab.until(`${row(42)}.classList.contains('focused')`);
  await tab.until("document.querySelector('#announcer').textContent === '43 of 370: cell, 0.91'");
  await tab.key('Enter');
  await tab.until(
    `${row(42)}.getAttribute('aria-selected') === 'true' && ${row(41)}.getAttribute('aria-selected') === 'false'`,
  );
  await tab.key('Escape');
  await tab.until("document.querySelectorAll('[aria-selected=true], .focused').length === 0");
  assert.deepEqual(tab.faults, []);
});

test('classes are filtered, pictures changed and removed by key', { skip }, async () => {
  const tab = await openWithPictures(2);
  assert.equal(await tab.text('#file-name'), 'one.png');
  assert.equal(
    await tab.evaluate("[...document.querySelectorAll('#classes li')].map((row) => row.textContent).join()"),
    'cell278,dust92',
  );
  await tab.click('#classes li:nth-child(2) input');
  await tab.until("document.querySelector('#count').textContent === '278 of 400'");
  await tab.click('#all-classes');
  await tab.until("document.querySelector('#count').textContent === '370 of 400'");
  await tab.evaluate("document.querySelector('#stage').focus()");
  await tab.key('PageDown');
  await tab.until("document.querySelector('#file-name').textContent === 'two.png'");
  await tab.key('Delete');
  await tab.until(
    "document.querySelector('#file-name').textContent === 'one.png' && document.querySelectorAll('#strip li').length === 1",
  );
  await tab.key('Delete');
  await tab.until("document.body.classList.contains('empty')");
  assert.deepEqual(tab.faults, []);
});

test('a busy server is asked again, a problem is shown as the server words it', { skip }, async () => {
  server.refusals = [
    { status: 503, headers: { 'retry-after': '0' }, code: 'ERR_MIMDET_QUEUE_FULL', detail: 'full' },
    { status: 422, code: 'ERR_MIMDET_DECODE', detail: 'Expected a picture <b>but</b> received another thing' },
  ];
  const tab = await open();
  await tab.setFiles('#files', pictures.slice(0, 1));
  await tab.until("!document.querySelector('#problem').hidden");
  assert.equal(server.asked.length, 2);
  assert.equal(await tab.text('#problem-title'), 'Refused with 422');
  assert.equal(await tab.text('#problem-detail'), 'Expected a picture <b>but</b> received another thing');
  assert.equal(await tab.text('#problem-code'), '422 · ERR_MIMDET_DECODE');
  await tab.click('#again');
  await tab.until(
    "document.querySelector('#count').textContent === '370 of 400' && document.querySelector('#problem').hidden",
  );
});

test('a token is asked for, kept for the tab, and sent', { skip }, async () => {
  server.token = 'secret';
  try {
    const tab = await open();
    await tab.until("document.querySelector('#token-dialog').open");
    await tab.evaluate("document.querySelector('#token').value = ' secret '");
    await tab.click('#token-dialog button[value=save]');
    await tab.until(
      "!document.querySelector('#token-dialog').open && document.querySelector('#model').options.length === 2",
    );
    await tab.setFiles('#files', pictures.slice(0, 1));
    await tab.until("document.querySelector('#count').textContent");
    assert.equal(server.asked[0]!.token, 'Bearer secret');
    assert.equal(await tab.evaluate('localStorage.length + document.cookie.length'), 0);
    assert.deepEqual(tab.faults, []);
  } finally {
    server.token = undefined;
  }
});

test('JSON, COCO and PNG hold what is shown', { skip }, async () => {
  const tab = await openWithPictures(2);
  await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: browser.folder });
  await setSlider(tab, '#threshold', 0.95);
  await tab.until("document.querySelector('#count').textContent === '20 of 400'");
  const [json, coco, png] = ['one.json', 'one.coco.json', 'one.detected.png'].map((name) => join(browser.folder, name));
  for (const id of ['json', 'coco', 'png']) await tab.click(`#save-${id}`);
  await waitFor(() => [json, coco, png].every((file) => existsSync(file!)));
  const line = JSON.parse(readFileSync(json!, 'utf8'));
  assert.deepEqual(line.instances, found.instances.slice(0, 20));
  const entries = JSON.parse(readFileSync(coco!, 'utf8'));
  assert.equal(entries.length, 20);
  assert.deepEqual([entries[3].image_id, entries[3].category_id, entries[3].bbox], [1, 2, [125, 3, 24, 24]]);
  const { data, info } = await sharp(png!).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [width, height]);
  const pixel = (x: number, y: number) => [
    ...data.subarray((y * width + x) * info.channels, (y * width + x) * info.channels + 3),
  ];
  assert.deepEqual(pixel(400, 500), [0x33, 0x55, 0x77], 'nothing is drawn where nothing is shown');
  assert.notDeepEqual(pixel(17, 22), [0x33, 0x55, 0x77], 'a mask');
  await tab.click('#all');
  await tab.click('#save-json');
  await waitFor(() => existsSync(join(browser.folder, 'mimdet.jsonl')));
  const lines = readFileSync(join(browser.folder, 'mimdet.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((each) => JSON.parse(each).file),
    ['one.png', 'two.png'],
  );
});

test('pictures may be dropped and pasted', { skip }, async () => {
  const tab = await open();
  await tab.until("document.querySelector('#model').options.length === 2");
  const transfer = "const t = new DataTransfer(); t.items.add(new File([new Uint8Array([1, 2])], 'dropped.tif'));";
  await tab.evaluate(
    `(() => {
    ${transfer}
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: t, bubbles: true, cancelable: true }));
  })()`,
  );
  await waitFor(() => server.asked.length === 1);
  await tab.evaluate(
    `(() => { ${transfer} document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: t, bubbles: true })) })()`,
  );
  await waitFor(() => server.asked.length === 2);
  assert.equal(server.asked[0]!.file, 'dropped.tif');
  // The browser knows no such picture; the result is shown.
  await tab.until("!document.querySelector('#cannot-show').hidden");
});

test('all of it can be reached with the tab key, in the order in which it is seen', { skip }, async () => {
  const tab = await openWithPictures(2);
  await tab.evaluate('document.activeElement.blur()');
  const reached: string[] = [];
  for (let i = 0; i < 40; i++) {
    await tab.key('Tab');
    const id = await tab.evaluate<string>(
      `(() => {
      const { id, tagName, textContent } = document.activeElement;
      return tagName === 'BODY' ? '' : id || tagName + textContent.trim().slice(0, 20);
    })()`,
    );
    if (id === '') break;
    reached.push(id);
  }
  const wanted = [
    'model',
    'add',
    'layer-masks',
    'zoom-fit',
    'stage',
    'threshold',
    'ratio',
    'instances',
    'save-json',
    'save-png',
  ];
  const places = wanted.map((id) => reached.indexOf(id));
  assert.ok(
    places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]!)),
    reached.join(' '),
  );
});

test('a phone: nothing is wider than the screen, and what is touched is large enough', { skip }, async () => {
  const tab = await openWithPictures(2, { width: 360, height: 740 });
  assert.equal(await tab.evaluate('document.documentElement.scrollWidth'), 360);
  const small = `[...document.querySelectorAll('button:not(.link), select, #instances li')]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 38)
    .map((each) => each.id).join()`;
  assert.equal(await tab.evaluate(small), '');
  const touchPoints = [await placeOfInstance(tab, 41)];
  await tab.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
  await tab.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await tab.until("document.querySelector('#instance-41').getAttribute('aria-selected') === 'true'");
});

test('with 400 instances the threshold follows the hand', { skip }, async () => {
  const tab = await openWithPictures();
  const ms = await tab.evaluate<number>(`(async () => {
    const slider = document.querySelector('#threshold');
    const started = performance.now();
    for (let i = 0; i < 20; i++) {
      slider.value = 0.1 + i * 0.04;
      slider.dispatchEvent(new Event('input'));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }
    return (performance.now() - started) / 20;
  })()`);
  assert.ok(ms < 1000, `${ms.toFixed(0)} ms a step`); // two frames at least, without a GPU
});

async function setSlider(tab: Tab, selector: string, value: number): Promise<void> {
  const at = `document.querySelector(${JSON.stringify(selector)})`;
  await tab.evaluate(
    `(() => {
    const slider = ${at};
    slider.value = ${value};
    for (const name of ['input', 'change']) slider.dispatchEvent(new Event(name));
  })()`,
  );
}

async function point(tab: Tab, selector: string): Promise<void> {
  const box = `document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect()`;
  const [x, y] = await tab.evaluate<[number, number]>(
    `(() => { const b = ${box}; return [b.x + b.width / 2, b.y + b.height / 2] })()`,
  );
  await tab.mouse('mouseMoved', x, y);
}

/** On the screen, with the whole picture in sight. */
async function placeOfInstance(tab: Tab, index: number): Promise<{ x: number; y: number }> {
  const stage = await tab.evaluate<{ x: number; y: number; width: number; height: number }>(
    "document.querySelector('#stage').getBoundingClientRect().toJSON()",
  );
  const scale = Math.min((stage.width - 24) / width, (stage.height - 24) / height);
  const [x1, y1, x2, y2] = found.instances[index]!.box as [number, number, number, number];
  const left = stage.x + (stage.width - scale * width) / 2;
  const top = stage.y + (stage.height - scale * height) / 2;
  return { x: left + (scale * (x1 + x2)) / 2, y: top + (scale * (y1 + y2)) / 2 };
}

async function waitFor(isTrue: () => boolean, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error('Not true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
