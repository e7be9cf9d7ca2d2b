'use strict';

// Node's half of e2e/sdk/run.sh.

const main = async () => {
  await require('./use_easywechat').run();
  await require('./use_node_webot').run();
  await require('./use_grant').run();
  await require('./use_qr').run();
  // The libraries keep connections and timers that nobody waits for.
  process.exit();
};

main();
