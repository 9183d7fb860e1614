// node --import tsx scripts/train-schema.ts: writes schema/train.schema.json from lib/train/schema.ts. A test compares the two.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trainJsonSchema } from '../lib/train/config.js';

const root = fileURLToPath(new URL('..', import.meta.url));
mkdirSync(join(root, 'schema'), { recursive: true });
writeFileSync(join(root, 'schema', 'train.schema.json'), `${JSON.stringify(trainJsonSchema(), null, 2)}\n`);
