// The server's own thread before the model's: with every core at work on pictures, whoever is turned away is told so within milliseconds.
// Before it: run. After it: the models are loaded.
import { addon } from '../native.js';

/** Steps of nice: beside the thread that answers, one of the model has a tenth of its weight. Alone it is as quick. */
const stepsOfNice = 10;

/** To be called before the first model is loaded. */
export function answerFirst(): void {
  addon().giveWayBy(stepsOfNice);
}
