// npm run lint: eslint, the types of everything (the tests of the types too), the walls between the floors.
// `npm run lint -- eslint walls` checks only those.

import { installPackages } from './npm-packages.mjs';
import { fail, note, run } from './steps.mjs';
import { breaches } from './walls.mjs';

const checks = {
  eslint: () => succeeds('node_modules/.bin/eslint', ['.', '--max-warnings=0']),
  types: () => succeeds('node_modules/.bin/tsc', ['-p', 'tsconfig.json']),
  walls: () => stand(breaches()),
};

/** Returns whether all is clean; what is not is printed. */
async function lint(wanted) {
  await installPackages();
  const names = wanted.length > 0 ? wanted : Object.keys(checks);
  const unknown = names.find((name) => !(name in checks));
  if (unknown)
    throw new Error(`Expected ${Object.keys(checks).join(', ')} for \`npm run lint -- CHECK…\` but received ${unknown}`);
  const failed = [];
  for (const name of names) if (!(await checks[name]())) failed.push(name);
  note(failed.length === 0 ? `${names.join(', ')}: clean` : `${failed.join(', ')}: failed`);
  return failed.length === 0;
}

async function succeeds(command, args) {
  return (await run(command, args)).status === 0;
}

function stand(lines) {
  for (const line of lines) note(line);
  return lines.length === 0;
}

lint(process.argv.slice(2)).then((clean) => (process.exitCode = clean ? 0 : 1), fail);
