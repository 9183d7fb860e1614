// The OpenAPI document: what may be asked and what is answered. Before it: settings (limits, tokens). After it: /openapi.json, /docs.
// Names of models and classes are those that it is given.
import { errorCodes } from '../errors.js';
import { formats, type optionNames } from './call-options.js';
import { problemType } from './problems.js';
import type { Model } from './models.js';
import { leastPriority, type ServeSettings } from './settings.js';

type Json = Record<string, unknown>;

/** A grey PNG of 8 by 8, to try with. */
const smallPicture =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAFklEQVR42mPQAIITQMCAhwEiQBw8DAA4hB4BaoPeDQAAAABJ' +
  'RU5ErkJggg==';

/** The options of a call, for the query, a form and JSON. */
function optionSchemas({ deadlineMs, maxPriority, maxTiles }: ServeSettings, models: readonly Model[]): Record<(typeof optionNames)[number], Json> {
  const name = models.length > 0 ? { enum: models.map((model) => model.name) } : { minLength: 1 };
  const classes = [...new Set(models.flatMap(({ detector }) => detector.info.classes))];
  const oneClass = classes.length > 0 ? { enum: classes } : {};
  return {
    scoreThreshold: { type: 'number', minimum: 0, maximum: 1, default: 0.25, description: 'Instances with a higher score are returned' },
    maxDetections: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1, description: "At most so many, the best. Default: the model's" },
    classes: { type: 'array', items: { type: 'string', ...oneClass }, minItems: 1, description: 'Names of the classes to look for. Default: all' },
    masks: { type: 'boolean', default: true },
    sampleRatio: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 1, description: 'Share of the patches that the encoder sees' },
    seed: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Which patches a `sampleRatio` below 1 takes. Below 2^64; in JSON as text from 2^53 on',
    },
    priority: { type: 'integer', minimum: leastPriority, maximum: maxPriority, default: 0, description: 'Higher goes first' },
    budgetMs: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 2 ** 31 - 1,
      description:
        'Take the largest `sampleRatio`, at most the one that is given, that is predicted to be done so soon after the picture has come',
    },
    tile: {
      oneOf: [{ type: 'boolean' }, { ...object({ size: pixels(32, 8192), overlap: pixels(0, 4096) }, []), additionalProperties: false }],
      default: false,
      description: `Look in overlapping squares, for large pictures. \`overlap\` is at most half of \`size\`; at most ${maxTiles} squares in all`,
    },
    tta: { type: 'boolean', default: false, description: 'Look several times, resized and mirrored: slower; helps some models' },
    deadlineMs: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 2 ** 31 - 1,
      default: deadlineMs,
      description: `Give up so many milliseconds after the request's arrival. At most ${deadlineMs}: more counts as that`,
    },
    model: { type: 'string', ...name, description: 'A name of GET /v1/models. Default: the first' },
    format: { type: 'string', enum: formats, description: 'Goes before the Accept header' },
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Json, required = Object.keys(properties)): Json => ({ type: 'object', properties, required });
const list = (items: Json, rest: Json = {}): Json => ({ type: 'array', items, ...rest });
const content = (type: string, schema: Json): Json => ({ [type]: { schema } });
const pixels = (minimum: number, maximum: number): Json => ({ type: 'integer', minimum, maximum });
const numbers = (count: number) => list({ type: 'number' }, { minItems: count, maxItems: count });

const mask = object({ size: list({ type: 'integer' }, { minItems: 2, maxItems: 2 }), counts: { type: 'string' } });
const code = { type: 'string', enum: errorCodes };

const schemas: Json = {
  Mask: { ...mask, description: "COCO's compressed run lengths; `size` is height, width" },
  Instance: object({ class: { type: 'string' }, classId: { type: 'integer' }, score: { type: 'number' }, box: numbers(4), mask: ref('Mask') }, [
    'class',
    'classId',
    'score',
    'box',
  ]),
  Detections: object({
    file: { type: 'string' },
    width: { type: 'integer' },
    height: { type: 'integer' },
    instances: list(ref('Instance'), { description: 'Highest score first; `box` is x1, y1, x2, y2 in pixels of the picture as it is seen' }),
    ms: object({ decode: { type: 'number' }, queue: { type: 'number' }, model: { type: 'number' }, total: { type: 'number' } }),
    sampleRatio: { type: 'number', description: 'Where it was below 1' },
  }, ['file', 'width', 'height', 'instances', 'ms']),
  Failure: object({ file: { type: 'string' }, error: object({ code, message: { type: 'string' } }) }),
  Results: object({ results: list({ oneOf: [ref('Detections'), ref('Failure')] }) }),
  CocoResult: object(
    { image_id: { type: 'integer' }, category_id: { type: 'integer' }, bbox: numbers(4), score: { type: 'number' }, segmentation: ref('Mask') },
    ['image_id', 'category_id', 'bbox', 'score'],
  ),
  Model: object({
    name: { type: 'string' },
    default: { type: 'boolean' },
    preset: { type: 'string' },
    classes: list({ type: 'string' }),
    parameters: { type: 'integer' },
    minSize: { type: 'integer' },
    maxSize: { type: 'integer' },
    masks: { type: 'boolean', description: 'Whether it finds masks' },
    device: { type: 'string' },
    precision: { type: 'string' },
    card: { type: 'object', description: 'What the file of weights says of itself: licence, data, recipe, metrics' },
  }),
  Problem: {
    ...object({ type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' }, code }),
    description: 'RFC 9457',
  },
};

const problems: Record<number, string> = {
  400: 'Something in the request does not fit',
  401: 'No token, or an unknown one',
  405: 'The path knows other methods',
  406: 'No form of an answer that the caller takes',
  408: 'The request came too slowly',
  413: 'Too many bytes or pictures',
  415: 'A body of a kind that is not read',
  422: 'No whole picture, or one of too many pixels',
  429: 'Too many requests of this client in a minute',
  500: "A fault of the server; its log has more",
  503: 'The queue is full, the models are being loaded, or the server is stopping',
  504: 'No result by the deadline',
};

function problemResponses(...statuses: number[]): Json {
  const entries = statuses.map((status) => [status, { description: problems[status], content: content(problemType, ref('Problem')) }]);
  return Object.fromEntries(entries) as Json;
}

function detectBody(settings: ServeSettings, options: Json): Json {
  const base64 = {
    type: 'string',
    contentEncoding: 'base64',
    minLength: 4,
    pattern: '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$',
    description: 'A picture in base64; no address, no path',
    examples: [smallPicture],
  };
  const file = { type: 'string', format: 'binary' };
  const several = { minItems: 1, maxItems: settings.maxImages };
  const closed = { additionalProperties: false };
  return {
    required: true,
    content: {
      'multipart/form-data': { schema: { ...object({ image: list(file, several), ...asText(options) }, ['image']), ...closed } },
      'application/json': {
        schema: {
          oneOf: [
            { ...object({ image: base64, ...options }, ['image']), ...closed },
            { ...object({ images: list(base64, several), ...options }, ['images']), ...closed },
          ],
        },
      },
      'image/*': { schema: file },
      'application/octet-stream': { schema: file },
    },
  };
}

/** In a query or a form there is text alone. */
const asText = (options: Json): Json => ({
  ...options,
  tile: { type: 'string', pattern: '^(true|false|\\d{1,5}(:\\d{1,5})?)$', description: 'true, false, a size, or size:overlap' },
});

function detectOperation(settings: ServeSettings, models: readonly Model[]): Json {
  const options = optionSchemas(settings, models);
  const results = { oneOf: [ref('Detections'), ref('Results')] };
  const found = {
    ...content('application/json', results),
    ...content('application/vnd.mimdet.coco+json', list(ref('CocoResult'))),
    ...content('image/png', { type: 'string', format: 'binary' }),
  };
  const parameters = Object.entries(asText(options)).map(([name, schema]) => ({
    name,
    in: 'query',
    schema,
    ...(name === 'classes' && { style: 'form', explode: false }),
  }));
  return {
    operationId: 'detect',
    summary: 'Find the instances on pictures',
    description:
      'One picture is answered with one object, several (and `images`) with `results`, in which a bad picture has its `error`. ' +
      'Options may stand in the query, in fields of a form, or in JSON. Formats: JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP.',
    parameters,
    requestBody: detectBody(settings, options),
    responses: {
      200: { description: 'What was found', content: found },
      ...problemResponses(400, 401, 405, 406, 408, 413, 415, 422, 429, 500, 503, 504),
    },
  };
}

const get = (operationId: string, summary: string, answer: Json, ...statuses: number[]): Json => ({
  get: { operationId, summary, responses: { 200: { description: 'OK', content: answer }, ...problemResponses(...statuses) } },
});

const unlocked = (path: Json): Json => ({ get: { ...(path['get'] as Json), security: [] } });
const status = content('application/json', object({ status: { type: 'string' } }));

/** The whole document. */
export function openapi(settings: ServeSettings, version: string, loaded: readonly Model[]): Json {
  const models = content('application/json', object({ models: list(ref('Model')) }));
  const locked = settings.tokens.length > 0;
  return {
    openapi: '3.1.0',
    info: { title: 'mimdet', version, description: 'Finds the instances on pictures with MIMDet models.', license: { name: 'MIT' } },
    ...(locked && { security: [{ token: [] }] }),
    paths: {
      '/v1/detect': { post: detectOperation(settings, loaded) },
      '/v1/models': get('models', 'The models and what they say of themselves', models, 401, 429, 503),
      '/healthz': unlocked(get('healthz', 'Whether the process lives', status)),
      '/readyz': unlocked(get('readyz', 'Whether pictures are taken', status, 503)),
      '/metrics': get('metrics', 'For Prometheus', content('text/plain', { type: 'string' }), 401, 429),
    },
    components: { schemas, ...(locked && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }) },
  };
}
