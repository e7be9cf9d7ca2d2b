'use strict';

// One plain line for each check, and what the libraries' answers are held against.

const assert = require('node:assert/strict');

let prefix = '';

/** The checks that follow are about this library. */
exports.group = (name) => {
  prefix = name;
};

/** Runs `body`: what it asserts must hold. Gives its result back, or undefined. */
exports.check = async (what, body) => {
  try {
    const result = await body();
    console.log(`ok      ${prefix}: ${what}`);
    return result;
  } catch (error) {
    process.exitCode = 1;
    const reason = String(error?.message ?? error).replace(/\s+/g, ' ');
    console.log(`FAILED  ${prefix}: ${what}: ${reason}`);
    return undefined;
  }
};

exports.same = (seen, wanted) => assert.deepEqual(seen, wanted);

/** `promise` must end with an error of the library's that tells WeChat's errcode. */
exports.refused = async (errcode, promise) => {
  let seen;
  try {
    seen = await promise;
  } catch (error) {
    const told = String(error.code ?? error.message ?? JSON.stringify(error));
    assert.ok(told.includes(String(errcode)), `${errcode} was to come, there came ${told}`);
    return;
  }
  assert.fail(`${errcode} was to come, there came ${JSON.stringify(seen)}`);
};

/** A function that calls back, as a promise. */
exports.called = (object, name, ...args) =>
  new Promise((resolve, reject) => {
    object[name](...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
