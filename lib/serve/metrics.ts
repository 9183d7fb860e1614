// What Prometheus reads at /metrics. Before it: visits and pictures as they end, the queues as they stand. After it: an operator.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Timing } from '../detections.js';
import { toMimdetError, type ErrorCode } from '../errors.js';
import type { Door } from './door.js';
import type { Models } from './models.js';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const stages = ['decode', 'queue', 'preprocess', 'model', 'postprocess', 'total'] as const;

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #requestSeconds: Histogram<'route'>;
  readonly #stageSeconds: Histogram<'model' | 'stage'>;
  readonly #batchSizes: Histogram<'model'>;
  readonly #pictures: Counter<'model' | 'outcome'>;
  readonly #rejections: Counter<'code'>;

  constructor(door: Door, models: Models) {
    const registers = [this.registry];
    const request = { name: 'mimdet_requests_total', help: 'Requests by route, method and status (499: the caller left)' };
    const duration = { name: 'mimdet_request_seconds', help: 'From a request\'s head to the end of its answer' };
    const stage = { name: 'mimdet_stage_seconds', help: 'Time of a picture by stage; a batch\'s times are those of the batch' };
    const batch = { name: 'mimdet_batch_size', help: 'Pictures that went through the model with a picture, itself included' };
    const picture = { name: 'mimdet_pictures_total', help: 'Pictures by outcome: ok, or the code of the error' };
    const rejection = { name: 'mimdet_rejections_total', help: 'Requests turned away or given up, by the code of the error' };
    this.#requests = new Counter({ ...request, labelNames: ['route', 'method', 'status'], registers });
    this.#requestSeconds = new Histogram({ ...duration, labelNames: ['route'], buckets: seconds, registers });
    this.#stageSeconds = new Histogram({ ...stage, labelNames: ['model', 'stage'], buckets: seconds, registers });
    this.#batchSizes = new Histogram({ ...batch, labelNames: ['model'], buckets: [1, 2, 4, 8, 16, 32, 64], registers });
    this.#pictures = new Counter({ ...picture, labelNames: ['model', 'outcome'], registers });
    this.#rejections = new Counter({ ...rejection, labelNames: ['code'], registers });
    addQueueGauges(this.registry, door, models);
    collectDefaultMetrics({ register: this.registry });
  }

  /** A request has ended. */
  visited(route: string, method: string, status: number, elapsedMs: number): void {
    this.#requests.inc({ route, method, status: String(status) });
    this.#requestSeconds.observe({ route }, elapsedMs / 1000);
  }

  /** A request was answered with a problem of the server's or of too much at once. */
  rejected(code: ErrorCode): void {
    this.#rejections.inc({ code });
  }

  found(model: string, timing: Timing): void {
    this.#pictures.inc({ model, outcome: 'ok' });
    this.#batchSizes.observe({ model }, timing.batchSize);
    for (const stage of stages) this.#stageSeconds.observe({ model, stage }, timing[`${stage}Ms`] / 1000);
  }

  failed(model: string, error: unknown): void {
    this.#pictures.inc({ model, outcome: toMimdetError(error).code });
  }
}

/** Read when somebody asks. */
function addQueueGauges(registry: Registry, door: Door, models: Models): void {
  const gauge = (name: string, help: string, read: () => number) => {
    const registers = [registry];
    new Gauge({ name, help, registers, collect: function () { this.set(read()); } }); // prettier-ignore
  };
  gauge('mimdet_pictures_held', 'Pictures taken and not yet answered', () => door.pictures);
  gauge('mimdet_pictures_held_limit', 'Beyond it, ERR_MIMDET_QUEUE_FULL', () => door.limits.pictures);
  gauge('mimdet_body_bytes', 'Bytes of bodies in memory', () => door.bytes);
  addModelGauge(registry, models, 'mimdet_queue_depth', 'Pictures that wait for the model', 'queued');
  addModelGauge(registry, models, 'mimdet_running', 'Pictures at work', 'running');
  addModelGauge(registry, models, 'mimdet_device_bytes', 'Memory taken on the GPU', 'deviceBytes');
}

function addModelGauge(registry: Registry, models: Models, name: string, help: string, key: 'queued' | 'running' | 'deviceBytes'): void {
  const collect = function (this: Gauge<'model'>) {
    for (const model of models.list()) this.set({ model: model.name }, model.detector.stats()[key]);
  };
  new Gauge({ name, help, labelNames: ['model'], registers: [registry], collect });
}
