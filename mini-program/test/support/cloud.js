import { createRequire, Module } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const FUNCTIONS = fileURLToPath(new URL('../../cloudfunctions', import.meta.url));

/** Who calls, as WeChat tells the function. */
let context = {};

// On WeChat's machines only.
const sdk = {
  DYNAMIC_CURRENT_ENV: Symbol('DYNAMIC_CURRENT_ENV'),
  init() {},
  getWXContext: () => context,
};
const load = Module._load;
Module._load = (name, ...rest) => (name === 'wx-server-sdk' ? sdk : load(name, ...rest));

/** Runs a cloud function as WeChat does: what goes in and comes out is JSON. */
export async function runFunction(name, event, { caller, environment }) {
  context = caller;
  for (const [key, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
  const { main } = require(`${FUNCTIONS}/${name}/index.js`);
  const result = await main(JSON.parse(JSON.stringify(event)), {});
  return JSON.parse(JSON.stringify(result));
}
