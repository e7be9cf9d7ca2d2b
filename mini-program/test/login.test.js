import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phone } from './support/phone.js';
import { World } from './support/world.js';

let world;
before(async () => {
  world = await World.start();
});
after(() => world.end());

async function loggedIn(person, options) {
  const phone = new Phone(world, person, options);
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile', phone.text);
  return phone;
}

test('somebody logs in with a nickname and sees who they are', async () => {
  const phone = new Phone(world, 'alice');
  await phone.open('/pages/login/login');
  await phone.tap('.choose');
  assert.equal(phone.attribute('.avatar-image', 'src'), 'wxfile://tmp_chosen.png');
  await phone.type('.input', ' 小红 ');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.said('.name'), '小红');
  assert.equal(phone.said('.openid'), (await world.person('alice')).openids.wx1000000000000001);
  // A file on this phone is of no use to anybody else.
  assert.ok(!JSON.stringify(phone.requests).includes('wxfile'));
});
