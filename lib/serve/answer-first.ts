// The server's own thread before all others: with every core at work on pictures, whoever is turned away is told so within milliseconds.
// Before it: run. After it: the models are loaded.
import { setFlagsFromString } from 'node:v8';
import { addon } from '../native.js';

/** Steps of nice: beside the thread that answers, one of the model has a tenth of its weight. Alone it is as quick. */
const stepsOfNice = 10;

/**
 * How far the heap may grow before V8 goes through all of it, which stops the thread for fifteen milliseconds and more where the cores are
 * busy. By default the bodies of refused requests, which come and go, make it do so every other second. V8 reads this at each collection.
 */
const heapGrowingPercent = 300;

/** To be called before the first model is loaded. */
export function answerFirst(): void {
  addon().giveWayBy(stepsOfNice);
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
}
