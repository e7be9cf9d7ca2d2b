import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The real binary: the gateway, and the simulator in WeChat's place. */
export class World {
  count = 1;

  static async start() {
    const world = new World();
    world.binary = process.env.WEIR_BINARY;
    if (!world.binary) throw new Error('WEIR_BINARY is not set: run scripts/mini_program.sh test PATH');
    world.data = mkdtempSync(join(tmpdir(), 'weir-mini-program-'));
    world.ports = [await freePort(), await freePort()];
    [world.weir, world.simulator] = world.ports.map((port) => `http://127.0.0.1:${port}`);
    await world.up();
    return world;
  }

  async up() {
    const [port, simulatorPort] = this.ports;
    const args = ['demo', '--port', port, '--simulator-port', simulatorPort, '--data', this.data, '--quiet'];
    this.server = spawn(this.binary, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    for (const address of [`${this.weir}/api/health`, `${this.simulator}/_sim/health`]) {
      while (!(await fetch(address).catch(() => null))?.ok) {
        if (this.server.exitCode !== null) throw new Error(`the server ended before ${address} answered`);
        await pause(50);
      }
    }
  }

  async down() {
    if (this.server.exitCode !== null) return;
    this.server.kill('SIGTERM');
    await once(this.server, 'exit');
  }

  async end() {
    await this.down();
    rmSync(this.data, { recursive: true });
  }

  /** Asks the simulator's control interface. */
  async control(path, body) {
    const how = body && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    };
    const answer = await fetch(`${this.simulator}/_sim/${path}`, how);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  }

  advance(seconds) {
    return this.control('clock', { advance_s: seconds });
  }

  async person(name) {
    const { users } = await this.control('users');
    return users.find((user) => user.name === name);
  }

  /** Somebody new. */
  async someone() {
    const { name } = await this.control('users', { name: `somebody-${this.count++}`, nickname: '新人' });
    return name;
  }

  async key(scope) {
    const { stdout } = await run(this.binary, ['key', 'create', '--scope', scope, '--data', this.data]);
    return stdout.trim();
  }

  /** What an API key may read. */
  async read(path) {
    this.reader ??= await this.key('crm:read');
    const answer = await fetch(this.weir + path, { headers: { Authorization: `Bearer ${this.reader}` } });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()).data.items;
  }

  /** A person's messages, as soon as there are so many. */
  async inbox(user, count) {
    for (;;) {
      const { messages } = await this.control(`inbox?user=${user}`);
      if (messages.length >= count) return messages;
      await pause(50);
    }
  }
}
