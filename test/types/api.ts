// Compiled, never run: what a user's program may write, and what the compiler must refuse.
import {
  decodeImage,
  Detections,
  Detector,
  errorCodes,
  evaluate,
  Mask,
  MimdetError,
  Trainer,
  type CocoResult,
  type DetectionsJson,
  type DetectManyResult,
  type ErrorCode,
  type ImageInput,
  type Instance,
  type TrainOutcome,
  type TrainStep,
} from '../../lib/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}

async function program(signal: AbortSignal): Promise<void> {
  await using detector = await Detector.load('nuclei', { device: 'cuda:1', precision: 'bfloat16', threads: 4, signal });
  same<typeof detector, Detector>(true);
  const found = await detector.detect('cells.png', { scoreThreshold: 0.5, classes: ['nucleus'], seed: 5n, signal });
  same<typeof found, Detections>(true);
  for (const instance of found) {
    same<typeof instance, Instance>(true);
    same<typeof instance.classId, number>(true);
    same<typeof instance.className, string>(true);
    same<typeof instance.score, number>(true);
    same<typeof instance.box.x1, number>(true);
    same<typeof instance.mask, Mask | null>(true);
    if (instance.mask) same<ReturnType<typeof instance.mask.toPolygons>, number[][]>(true);
  }
  same<ReturnType<typeof found.toJSON>, DetectionsJson>(true);
  same<ReturnType<typeof found.toCoco>, CocoResult[]>(true);
  const png: Uint8Array = await found.filter(({ score }) => score > 0.9).draw('cells.png', { opacity: 0.3 });
  const pixels = await decodeImage(png);
  same<typeof pixels.channels, 3>(true);
  await detector.detect(pixels); // what decodeImage gives goes in again
  await detector.detect({ data: new Uint8ClampedArray(4), width: 1, height: 1, channels: 4 });
  await detector.detect(new URL('file:///a.png'));
  await detector.detect(Buffer.from('…'));
  await detector.close({ drain: false });

  const { bbox } = await evaluate('gt.json', 'dt.json', { iouTypes: ['bbox'], maxDets: [1, 10, 500] });
  same<typeof bbox extends { AP: infer T } | undefined ? T : never, number>(true);
  const recall: number | undefined = bbox?.AR500;
  await evaluate({ images: [], annotations: [], categories: [] }, [{ imageId: 1, detections: found }]);
  void recall;
}

async function many(detector: Detector, paths: AsyncIterable<string>): Promise<void> {
  for await (const result of detector.detectMany(paths, { concurrency: 2 })) {
    same<typeof result, DetectManyResult<string>>(true);
    same<typeof result.input, string>(true);
    if (result.error) same<typeof result.error, MimdetError>(true);
    else same<typeof result.detections, Detections>(true);
  }
  detector.detectMany(new Set<ImageInput>(['a.png']));
}

async function training(signal: AbortSignal): Promise<void> {
  await using trainer = new Trainer({ data: 'cells', model: 'tiny', schedule: { epochs: 20, warmup: '1 epoch' }, augment: { colour: true } });
  for await (const step of trainer.run({ signal, resume: true, onEvent: (event) => event.kind === 'note' && event.text })) {
    same<typeof step, TrainStep>(true);
    const ap: number | undefined = step.evaluation?.segm?.AP;
    void ap;
  }
  same<typeof trainer.outcome, TrainOutcome | undefined>(true);
  await trainer.save(new URL('file:///now.safetensors'));
  // @ts-expect-error a slip
  new Trainer({ data: 'cells', optimizer: { lrate: 1 } });
  // @ts-expect-error the data must be named
  new Trainer({ init: 'fresh' });
}

function errors(error: unknown): ErrorCode | undefined {
  same<(typeof errorCodes)[number], ErrorCode>(true);
  return error instanceof MimdetError ? error.code : undefined;
}

async function refused(detector: Detector, instance: Instance): Promise<void> {
  // @ts-expect-error there is no such option
  await detector.detect('a.png', { scoreTreshold: 0.5 });
  // @ts-expect-error not a precision
  await Detector.load('nuclei', { precision: 'float' });
  // @ts-expect-error not a device
  await Detector.load('nuclei', { device: 'gpu' });
  // @ts-expect-error two channels
  await detector.detect({ data: new Uint8Array(2), width: 1, height: 1, channels: 2 });
  // @ts-expect-error floats are no pixels
  await detector.detect({ data: new Float32Array(3), width: 1, height: 1, channels: 3 });
  await detector.detect('a.png', { tile: { size: 256, overlap: 64 }, tta: { flips: ['horizontal'], scales: [1] } });
  // @ts-expect-error not a way to mirror
  await detector.detect('a.png', { tta: { flips: ['diagonal'] } });
  // @ts-expect-error what was found is not changed
  instance.mask.counts = '';
  // @ts-expect-error detectors come from load
  new Detector();
}

void [program, many, training, errors, refused];
