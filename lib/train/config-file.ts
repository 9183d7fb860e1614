// Training configurations on the disk: YAML or JSON in, and the configuration of a run as YAML out, beside its results.
// Before it: `mimdet train --config` or `--resume`, `model.config`. After it: config.ts.
import { parse, stringify } from 'yaml';
import { readFileOnce } from '../location.js';
import { expected, Words } from '../validate.js';

const maxBytes = 2 ** 20;

/**
 * What a YAML or JSON file (JSON is YAML) says, unchecked.
 * @throws ERR_MIMDET_INVALID_ARGUMENT where it cannot be read or parsed
 */
export async function readConfigFile(file: string, name = 'config'): Promise<unknown> {
  const bytes = await readFileOnce(file, { name, code: 'ERR_MIMDET_INVALID_ARGUMENT' });
  if (bytes.length > maxBytes) throw expected('a file of at most 1 MiB', name, new Words(`${file} (${bytes.length} bytes)`));
  try {
    return parse(new TextDecoder().decode(bytes), { prettyErrors: true, logLevel: 'error' }) as unknown;
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    throw expected('YAML or JSON', name, new Words(`${file} (${why})`), 'ERR_MIMDET_INVALID_ARGUMENT', error);
  }
}

/** The text of a configuration that `readConfigFile` reads again. */
export function configText(config: object): string {
  const head = '# The configuration of this run. `mimdet train --config` takes it; docs/training.md explains every key.\n';
  return head + stringify(config, { lineWidth: 120 });
}
