import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from './axe';
import { handset, pressOn, scan, view } from './hand';
import { inAWorld, look, press, read, world } from './world';

/** What becomes of a sheet when the person does not simply agree, on the simulated phone. */
inAWorld();

const sees = (phone: Page, text: string) => view(phone).getByText(text).first().waitFor();
const answer = (phone: Page, name: 'Allow' | 'Reject' | 'This was not me' | 'Bind' | 'Sign in') =>
  view(phone).getByRole('button', { name, exact: true }).click();

/** A website that signs people in with WeChat's own QR page. */
async function website(): Promise<Page> {
  const asked = {
    appid: 'wx3000000000000003',
    redirect_uri: `${world.page}signed-in`,
    response_type: 'code',
    scope: 'snsapi_login',
    state: 'mine',
    lang: 'en',
  };
  const site = await (await world.browser.newContext()).newPage();
  site.setDefaultTimeout(8_000);
  await site.goto(`${world.simulator}/connect/qrconnect?${new URLSearchParams(asked)}`);
  return site;
}

/** The code of our own sign-in or binding, as the host's page shows it. */
async function code(desk: Page, name: string): Promise<string> {
  await press(desk, name);
  return read(desk.locator('img.weir-image'));
}

async function bind(user: string, person: string): Promise<void> {
  const desk = await world.desk(user);
  const phone = await world.handset(person);
  await scan(phone, await code(desk, 'Bind WeChat'));
  await answer(phone, 'Allow');
  await answer(phone, 'Bind');
  await sees(phone, 'WeChat is bound');
}

test('a login that is refused can be scanned again, and is then agreed to', async () => {
  const site = await website();
  const content = await read(site.locator('img'));
  const phone = await world.handset('alice');
  await scan(phone, content);
  await site.getByText('Scanned. Confirm it on the phone').waitFor();
  await look(phone, 'phone-login');
  await answer(phone, 'Reject');
  await sees(phone, 'You have cancelled this login');
  await site.getByText('You have cancelled this login. You can scan again').waitFor();
  await pressOn(phone, 'Close');
  await scan(phone, content);
  await answer(phone, 'Allow');
  await sees(phone, 'Logged in');
  await site.waitForURL(/\/signed-in\?code=\w+&state=mine$/);
  // Used up.
  await pressOn(phone, 'Close');
  await scan(phone, content);
  await sees(phone, 'This QR code has been used or has expired');
});

test('whoever turns away from a sheet has answered nothing', async () => {
  const site = await website();
  const phone = await world.handset('alice');
  await scan(phone, await read(site.locator('img')));
  await view(phone).getByRole('button', { name: 'Allow' }).waitFor();
  await pressOn(phone, 'Close');
  await handset(phone).getByText('Service notifications').waitFor();
  await site.getByText('Scanned. Confirm it on the phone').waitFor();
  await scan(phone, await read(site.locator('img')));
  await answer(phone, 'Allow');
  await site.waitForURL(/\/signed-in\?code=/);
});

test('a login that expires while its sheet is open is told to be over', async () => {
  const site = await website();
  const phone = await world.handset('alice');
  await scan(phone, await read(site.locator('img')));
  await view(phone).getByRole('button', { name: 'Allow' }).waitFor();
  await world.advance(301);
  await site.getByText('The QR code has expired: reload the page').waitFor();
  await answer(phone, 'Allow');
  await sees(phone, 'This QR code has been used or has expired');
});

test('of two phones that scan a login the first to agree has it', async () => {
  const site = await website();
  const content = await read(site.locator('img'));
  const [alice, bob] = [await world.handset('alice'), await world.handset('bob')];
  await scan(alice, content);
  await view(alice).getByRole('button', { name: 'Allow' }).waitFor();
  await scan(bob, content);
  await view(bob).getByText('Bob', { exact: true }).waitFor();
  await answer(bob, 'Allow');
  await sees(bob, 'Logged in');
  await answer(alice, 'Allow');
  await sees(alice, 'This QR code has been used or has expired');
  await site.waitForURL(/\/signed-in\?code=/);
});

test('a sign-in of ours is refused on either sheet, and nobody is signed in', async () => {
  await bind('601', 'alice');
  const desk = await world.desk();
  const phone = await world.handset('alice');
  const content = await code(desk, 'Sign in with WeChat');
  await scan(phone, content);
  await answer(phone, 'Reject');
  await sees(phone, 'You did not allow it');
  await pressOn(phone, 'Close');
  await scan(phone, content);
  await answer(phone, 'Allow');
  await sees(phone, 'Whoever sits at this screen will be signed in as you.');
  await look(phone, 'phone-sign-in');
  await answer(phone, 'This was not me');
  await sees(phone, 'nobody was signed in');
  expect(await desk.evaluate('localStorage.authToken')).toBeUndefined();
  await pressOn(phone, 'Close');
  await scan(phone, content);
  await sees(phone, 'Make a new QR code');
});

test('a code of ours that expires while its sheet is open binds nothing', async () => {
  const desk = await world.desk('602');
  const phone = await world.handset('bob');
  await scan(phone, await code(desk, 'Bind WeChat'));
  await view(phone).getByRole('button', { name: 'Allow' }).waitFor();
  await world.advance(301);
  await answer(phone, 'Allow');
  await sees(phone, 'The QR code has expired');
  await desk.getByText('This code is no longer good.').first().waitFor();
  expect(await desk.locator('.weir-name').count()).toBe(0);
});

test('of two phones that scan a code of ours the second is told', async () => {
  const desk = await world.desk('603');
  const content = await code(desk, 'Bind WeChat');
  const [bob, carol] = [await world.handset('bob'), await world.handset('carol')];
  await scan(bob, content);
  await view(bob).getByRole('button', { name: 'Allow' }).waitFor();
  await scan(carol, content);
  await sees(carol, 'Another phone has this code');
  await look(carol, 'phone-taken-code');
  await answer(bob, 'Allow');
  await answer(bob, 'Bind');
  await sees(bob, 'WeChat is bound');
});

test("somebody else's code is of no use to whoever is bound otherwise, or not at all", async () => {
  await bind('604', 'carol');
  const desk = await world.desk('605');
  const carol = await world.handset('carol');
  await scan(carol, await code(desk, 'Bind WeChat'));
  await answer(carol, 'Allow');
  await answer(carol, 'Bind');
  await sees(carol, 'This WeChat account is already bound to another user.');
  const signingIn = await world.desk();
  const nobody = await world.handset('nobody');
  await scan(nobody, await code(signingIn, 'Sign in with WeChat'));
  await answer(nobody, 'Allow');
  await sees(nobody, 'This WeChat account is bound to no account of this site.');
  await look(nobody, 'phone-not-bound');
});

test('a prompt is refused, and refused from then on where that is asked for', async () => {
  const phone = await world.handset('bob');
  await pressOn(phone, 'Discover');
  await pressOn(phone, 'mini');
  await pressOn(phone, 'Show the prompt');
  await pressOn(phone, 'Reject');
  await phone.getByRole('status').getByText('0 allowed, 2 rejected.').waitFor();
  await handset(phone).getByText('may be sent: 0').waitFor();
  await pressOn(phone, 'Show the prompt');
  await phone.getByRole('dialog').getByText('Always keep these choices').click();
  await look(phone, 'phone-always');
  await pressOn(phone, 'Reject');
  await pressOn(phone, 'Show the prompt');
  await phone.getByRole('status').getByText('Answered as always.').waitFor();
  expect(await phone.getByRole('dialog').count()).toBe(0);
  await handset(phone).getByText('may be sent: 0').waitFor();
  await pressOn(phone, 'Ask me again');
  await pressOn(phone, 'Show the prompt');
  await phone.getByRole('dialog').waitFor();
  await phone.keyboard.press('Escape');
  await phone.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await phone.evaluate('document.activeElement.textContent')).toBe('Show the prompt');
});

test('somebody new gets a phone, agrees with it, and takes another name', async () => {
  const phone = await world.handset('alice');
  await phone.getByRole('complementary').getByRole('button', { name: 'Add a person' }).click();
  await phone.getByLabel('Nickname').fill('ليلى الأحمد 👩‍👩‍👧');
  await phone.getByLabel('Phone number').fill('not digits');
  await pressOn(phone, 'Save');
  // The browser says what is wrong with it.
  const isWrong = `document.querySelector('#person-phone').validity.patternMismatch`;
  expect(await phone.evaluate(isWrong)).toBe(true);
  await phone.getByLabel('Phone number').fill('13900139009');
  expect(await barriers(phone)).toEqual([]);
  await look(phone, 'phone-add');
  await pressOn(phone, 'Save');
  await phone.getByRole('status').getByText('has a phone now.').waitFor();
  await pressOn(phone, 'Me');
  await handset(phone).getByText('· 13900139009').waitFor();
  await look(phone, 'phone-added');
  await scan(phone, `${world.weir}/wechat/frontend-driven?lang=en`);
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).click();
  await sees(phone, 'ليلى الأحمد');
  await look(phone, 'phone-added-sheet');
  await answer(phone, 'Allow');
  await sees(phone, 'You are logged in');
  await pressOn(phone, 'Close');
  await pressOn(phone, 'Edit');
  await phone.getByLabel('Nickname').fill('Layla');
  await pressOn(phone, 'Save');
  await phone.getByRole('status').getByText('Saved.').waitFor();
  await handset(phone).locator('.card-of-me').getByText('Layla').waitFor();
  // Loaded again, it is still hers.
  await phone.reload();
  await pressOn(phone, 'Me');
  await handset(phone).locator('.card-of-me').getByText('Layla').waitFor();
});
