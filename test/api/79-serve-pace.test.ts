// The pace of a body alone: when a request is given up, and when it is not.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import test from 'node:test';
import { watchPace } from '../../lib/serve/body-pace.js';

const length = 60 * 2 ** 20;
const second = 1000;

function sender() {
  const socket = new Socket();
  let bytesRead = 500; // of the head
  let told = '';
  Object.defineProperty(socket, 'bytesRead', { get: () => bytesRead });
  Object.assign(socket, { end: (text: string) => (told += text) });
  const request = { socket, complete: false } as IncomingMessage;
  return { request, send: (bytes: number) => (bytesRead += bytes), told: () => told };
}

test('a body of which nothing comes is given up after six looks', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { request, told } = sender();
  watchPace(request, length, 60 * second);
  t.mock.timers.tick(5 * second);
  assert.equal(told(), '');
  t.mock.timers.tick(second);
  assert.match(told(), /^HTTP\/1\.1 408 /);
});

test('one that keeps its pace is waited for, one that stops in the midst is not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { request, send, told } = sender();
  watchPace(request, length, 60 * second);
  for (let i = 0; i < 30; i++) {
    send(2 ** 20);
    t.mock.timers.tick(second);
    assert.equal(told(), '');
  }
  t.mock.timers.tick(5 * second);
  assert.equal(told(), '');
  t.mock.timers.tick(second);
  assert.match(told(), /^HTTP\/1\.1 408 /);
});

test('a small body has all the time of a request, one that is there has for ever', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const [small, whole, arrived] = [sender(), sender(), sender()];
  watchPace(small.request, 50_000, 60 * second);
  watchPace(whole.request, length, 60 * second); // no length was declared, and little came
  const unwatch = watchPace(arrived.request, length, 60 * second);
  whole.request.complete = true;
  unwatch();
  t.mock.timers.tick(60 * second);
  for (const { told } of [small, whole, arrived]) assert.equal(told(), '');
});
