import { expect, test } from 'vitest';
import { confirm, consent, inAWorld, press, read, world } from './world';

inAWorld();

// What the hooks and components of the published front end ask, in its fields and with its token (contracts.md, A): another
// program than ours, which asks for the state every two seconds.
const PUBLISHED = `<!doctype html><title>published</title>
<p id="said"></p><p id="state"></p><img id="code" width="300" alt="code">
<button id="bind">bind</button><button id="unbind">unbind</button><script>
async function call(method, path) {
  const response = await fetch('/api/wechat' + path, {
    method,
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + localStorage.getItem('authToken') },
  });
  const result = await response.json();
  if (!result.success) throw new Error(response.status + ' ' + result.message);
  return result;
}
async function getBinding() {
  const { data, message } = await call('GET', '/binding');
  said.textContent = data
    ? [typeof data.id, data.user_id, data.nickname, data.is_active, typeof data.wechat_openid].join(' ')
    : message;
}
async function checkQRStatus(session) {
  const { data } = await call('GET', '/status/' + session.session_id);
  state.textContent = data.status;
  if (data.session_id !== session.session_id || data.expires_at !== session.expires_at) throw new Error('another session');
  if (data.status === 'confirmed') return getBinding();
  if (data.status !== 'expired') setTimeout(checkQRStatus, 2000, session);
}
bind.onclick = async () => {
  const { data } = await call('POST', '/generate-qr');
  code.src = 'data:image/png;base64,' + data.qr_code_data;
  checkQRStatus(data);
};
unbind.onclick = () => call('DELETE', '/unbind').then(({ message }) => { said.textContent = message; }, ({ message }) => {
  said.textContent = message;
});
getBinding();
</script>`;

test('a front end that asks as the published hooks do binds, sees each state and unbinds', async () => {
  const context = await world.browser.newContext();
  context.setDefaultTimeout(8_000);
  await context.route(`${world.weir}/user-page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: PUBLISHED }),
  );
  await context.addInitScript(`localStorage.setItem('authToken', ${JSON.stringify(world.token('601'))})`);
  const page = await context.newPage();
  await page.goto(`${world.weir}/user-page`);
  const said = page.locator('#said');
  const state = page.locator('#state');
  await said.getByText('No WeChat account bound', { exact: true }).waitFor();
  await press(page, 'bind');
  await state.getByText('pending').waitFor();
  const phone = await world.scan(await read(page.locator('#code')));
  await state.getByText('scanned').waitFor();
  await consent(phone, 'alice');
  await confirm(phone);
  await state.getByText('confirmed').waitFor();
  // The host's user is a number, as its token said.
  await said.getByText(/^number 601 爱丽丝.* true string$/).waitFor();
  await press(page, 'unbind');
  await said.getByText('WeChat account unbound successfully', { exact: true }).waitFor();
  await press(page, 'unbind');
  await said.getByText('404 No WeChat account bound to this user', { exact: true }).waitFor();
  await press(page, 'bind');
  await state.getByText('pending').waitFor();
  await world.advance(301);
  await state.getByText('expired').waitFor();
});

test('where streams do not come through the page asks, and shows the binding all the same', async () => {
  const page = await world.desk('602');
  await page.route('**/events', (route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }));
  await press(page, 'Bind WeChat');
  const phone = await world.scan(await read(page.locator('img.weir-image')));
  await page.getByText('Scanned. Confirm on your phone.').first().waitFor();
  await consent(phone, 'bob');
  await confirm(phone);
  await page.getByText('WeChat account bound.').first().waitFor();
  expect(await page.locator('.weir-name').textContent()).toContain('Bob');
});

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50';

test('on an iPhone a page is signed by the address that it was entered by, which is another by then', async () => {
  const context = await world.phone(IPHONE);
  const account = await world.behindOneOrigin(context);
  const page = await context.newPage();
  const signed: string[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/wechat/jsconfig') signed.push(searchParams.get('url') ?? '');
  });
  await page.goto(account);
  await page.locator('.weir-login button').click();
  await consent(page, 'alice');
  // The code and state that WeChat came back with are gone from the address; WeChat still goes by them.
  await page.getByText('A friend who is sent this page sees its title and text.').waitFor();
  expect(new URL(page.url()).search).toBe('');
  expect(signed).toHaveLength(1);
  expect(signed[0]).toMatch(/\/account\?code=\w+&state=\w+/);
});

test('a host gives the components its own looks by variables, and by nothing else has to give way', async () => {
  const page = await world.desk('603');
  const button = page.getByRole('button', { name: 'Bind WeChat', exact: true });
  await button.waitFor();
  const look = () =>
    button.evaluate((element) => {
      const { backgroundColor, borderTopLeftRadius } = getComputedStyle(element);
      return [backgroundColor, borderTopLeftRadius];
    });
  const own = await look();
  await page.addStyleTag({ content: ':root { --weir-accent: rgb(1, 2, 3); --weir-radius: 0px }' });
  expect(await look()).toEqual(['rgb(1, 2, 3)', '0px']);
  expect(own).not.toContain('rgb(1, 2, 3)');
  // Every rule of ours begins with a class of ours: nothing of the host's is touched.
  const foreign = await page.evaluate(`[...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule.selectorText?.includes('weir'))
    .flatMap((rule) => rule.selectorText.split(','))
    .filter((selector) => !/^\\s*\\.weir/.test(selector))`);
  expect(foreign).toEqual([]);
});
