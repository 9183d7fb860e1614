// npm run lint: eslint, the types of everything (tests and examples too), the walls between the floors.

import { installPackages } from './npm-packages.mjs';
import { fail, note, root, run } from './steps.mjs';
import { breaches } from './walls.mjs';

/** Returns whether all is clean; what is not is printed. */
export async function lint() {
  await installPackages();
  const checks = [
    ['eslint', () => succeeds('node_modules/.bin/eslint', ['.', '--max-warnings=0'])],
    ['types', () => succeeds('node_modules/.bin/tsc', ['-p', 'tsconfig.json'])],
    ['walls', () => stand(breaches())],
  ];
  const failed = [];
  for (const [name, check] of checks) if (!(await check())) failed.push(name);
  note(failed.length === 0 ? 'lint: clean' : `lint: ${failed.join(', ')} failed`);
  return failed.length === 0;
}

async function succeeds(command, args) {
  return (await run(command, args)).status === 0;
}

function stand(lines) {
  for (const line of lines) note(line);
  return lines.length === 0;
}

if (process.argv[1] === `${root}/scripts/lint.mjs`) {
  lint().then((clean) => (process.exitCode = clean ? 0 : 1), fail);
}
