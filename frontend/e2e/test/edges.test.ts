import { expect, test } from 'vitest';
import { confirm, consent, inAWorld, press, read, world } from './world';

inAWorld();

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
