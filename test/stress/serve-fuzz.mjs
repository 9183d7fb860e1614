// The server under a fuzzer driven by its own OpenAPI document: no 5xx but the documented ones, every answer as the document says.
// node test/stress/serve-fuzz.mjs [--examples 200] [--seed 1] [--time SECONDS]     (needs the built command line)
// schemathesis is `pip install schemathesis`; MIMDET_SCHEMATHESIS names the program where it is not on the PATH. Status 77: it is not there.
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { examples: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, time: { type: 'string' } },
});
const schemathesis = process.env.MIMDET_SCHEMATHESIS ?? 'schemathesis';
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

// `positive_data_acceptance` takes every refusal of bytes that fit `format: binary` for a fault, and random bytes are no picture.
const checks = ['--checks=all', '--exclude-checks=positive_data_acceptance'];

if (spawnSync(schemathesis, ['--version']).status !== 0) {
  console.error(`${schemathesis} is not there: pip install schemathesis`);
  process.exit(77);
}
const { server, url } = await serve();
const status = await fuzz(url);
const isAlive = (await fetch(`${url}/healthz`).catch(() => undefined))?.status === 200;
const metrics = isAlive ? await (await fetch(`${url}/metrics`)).text() : '';
console.log(metrics.split('\n').filter((line) => /^mimdet_(requests_total|pictures_held |body_bytes )/.test(line)).join('\n'));
server.kill('SIGTERM');
const ended = await new Promise((resolve) => server.on('close', resolve));
console.log(`schemathesis ${status}, server ${isAlive ? 'alive' : 'gone'}, ended with ${ended}`);
process.exitCode = status === 0 && isAlive && ended === 0 ? 0 : 1;

function serve() {
  const args = [main, 'serve', '--weights', 'nuclei', '--port', '0', '--quiet', '--device', 'cpu', '--max-body', '4'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout.setEncoding('utf8').once('data', (text) => resolve({ server: child, url: text.trim().split(' ').at(-1) }));
  });
}

function fuzz(at) {
  const limits = ['--max-examples', options.examples, '--seed', options.seed, '--request-timeout', '90', '--continue-on-failure'];
  if (options.time) limits.push('--max-time', options.time);
  const config = fileURLToPath(new URL('serve-fuzz.toml', import.meta.url));
  const child = spawn(schemathesis, ['--config-file', config, 'run', `${at}/openapi.json`, ...checks, ...limits], { stdio: 'inherit', cwd: tmpdir() });
  return new Promise((resolve) => child.on('close', resolve));
}
