// What a person sees of a run while it goes: notes, faults of the data, a bar with losses, a line for each evaluation. All of
// it on standard error. Before it: Trainer's steps and events. After it: the terminal.
import { checkReport } from '../data/check-report.js';
import type { TrainEvent, TrainStep } from '../train/events.js';
import { Progress } from './progress.js';
import { printable } from './terminal.js';

/** Lines of one kind of fault; `--check` shows all. */
const maxFaultLines = 10;

export class TrainScreen {
  private steps: Progress | undefined;
  private pictures: { bar: Progress; kind: string } | undefined;

  constructor(private readonly quiet: boolean) {}

  event(event: TrainEvent): void {
    if (event.kind === 'note') this.say(printable(event.text));
    else if (event.kind === 'faults') this.say(checkReport(event.faults, { maxLines: maxFaultLines }).trimEnd());
    else this.countPictures(event);
  }

  step(step: TrainStep): void {
    this.pictures?.bar.clear();
    this.pictures = undefined;
    this.steps ??= new Progress(step.steps, { quiet: this.quiet, before: step.step });
    this.steps.to(step.step, lossWords(step));
    if (step.evaluation) this.say(evaluationLine(step));
  }

  /** After Ctrl-C. */
  stopped(folder: string): void {
    this.say(`Stopped. \`mimdet train --resume ${printable(folder)}\` goes on.`);
  }

  clear(): void {
    this.steps?.clear();
    this.pictures?.bar.clear();
  }

  private countPictures({ kind, done, total }: { kind: string; done: number; total: number }): void {
    if (this.pictures?.kind !== kind) {
      this.clear();
      this.pictures = { kind, bar: new Progress(total, { quiet: this.quiet, before: done }) };
    }
    this.pictures.bar.to(done, kind);
  }

  private say(line: string): void {
    if (this.quiet) return;
    this.clear();
    process.stderr.write(`${line}\n`);
  }
}

function lossWords({ loss, losses, lr }: TrainStep): string {
  const { rpnCls, rpnLoc, cls, boxReg, mask } = losses;
  const parts = [rpnCls, rpnLoc, cls, boxReg, mask].map((value) => value.toFixed(2)).join(' ');
  return `loss ${loss.toFixed(3)} (${parts})  lr ${lr.toExponential(1)}`;
}

function evaluationLine({ step, steps, loss, evaluation }: TrainStep): string {
  const words = (['bbox', 'segm'] as const).flatMap((type) => {
    const found = evaluation?.[type];
    return found ? [`${type === 'bbox' ? 'box' : 'mask'} AP ${found.AP.toFixed(3)}`] : [];
  });
  return `step ${step}/${steps}  loss ${loss.toFixed(3)}  ${words.join('  ')}${evaluation?.isBest ? '  (best so far)' : ''}`;
}
