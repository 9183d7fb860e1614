// The door alone: who gets in, who is refused before a body is read, and what is given back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Door } from '../../lib/serve/door.js';

const secondsOfPictures = (pictures: number) => pictures * 0.25;

function openDoor(limits: { pictures?: number; bytes?: number; waitSeconds?: number } = {}): Door {
  const door = new Door({ pictures: 2, bytes: 100, ...limits }, secondsOfPictures);
  door.state = 'open';
  return door;
}

const full = { code: 'ERR_MIMDET_QUEUE_FULL', status: 503 };

test('a crowd that comes at once: no more get in than there are places, before any body is there', () => {
  const door = openDoor();
  const visits = [door.enter(1), door.enter(1)];
  assert.equal(door.pictures, 0);
  assert.throws(() => door.enter(1), full);
  visits[0]!.leave();
  door.enter(1);
  assert.throws(() => door.enter(1), full);
});

test('who has arrived takes the place that was kept', () => {
  const door = openDoor();
  const { arrive } = door.enter(1);
  door.enter(1);
  arrive();
  const give = door.take(1);
  assert.equal(door.pictures, 1);
  assert.throws(() => door.enter(1), full);
  give();
  give();
  assert.equal(door.pictures, 0);
  door.enter(1);
});

test('a place is not kept for long for a body that does not come', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const door = openDoor({ pictures: 1 });
  const slow = door.enter(1);
  assert.throws(() => door.enter(1), full);
  t.mock.timers.tick(1000);
  door.enter(1);
  slow.arrive();
  assert.throws(() => door.take(1), full);
});

test('bytes of bodies are bounded, and given back once', () => {
  const door = openDoor({ pictures: 9 });
  const { leave } = door.enter(80);
  assert.throws(() => door.enter(21), full);
  leave();
  leave();
  assert.equal(door.bytes, 0);
  door.enter(100);
});

test('by time: no more than can be computed within the wait, but always one', () => {
  const door = openDoor({ pictures: 9, waitSeconds: 0.5 });
  const give = door.take(2);
  assert.throws(() => door.enter(1), /at most 500 ms of work/);
  give();
  door.take(1);
  door.take(1);
  assert.throws(() => door.take(1), full);
  openDoor({ waitSeconds: 0.1 }).take(1);
});

test('by time: a picture in tiles counts as so many, by number as one', () => {
  const door = openDoor({ pictures: 3, waitSeconds: 2 });
  const give = door.take(1, 9); // the first is always taken
  assert.equal(door.pictures, 1);
  assert.throws(() => door.enter(1), { message: /at most 2000 ms of work/, headers: { 'retry-after': '3' } });
  give();
  door.take(1, 4);
  assert.throws(() => door.take(1, 5), full);
  door.take(1, 4);
});

test('a refusal says when to come back, in whole seconds', () => {
  const door = openDoor({ pictures: 6 });
  door.take(6);
  assert.throws(() => door.enter(1), { headers: { 'retry-after': '2' } });
});

test('nobody gets in before the door is open, or while it is emptied', async () => {
  const door = new Door({ pictures: 2, bytes: 100 }, secondsOfPictures);
  assert.throws(() => door.enter(1), /being loaded/);
  door.state = 'open';
  const { leave } = door.enter(1);
  const empty = door.drain();
  assert.throws(() => door.enter(1), /stopping/);
  leave();
  await empty;
});
