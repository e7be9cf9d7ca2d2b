import { fireEvent, render, screen, within } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { Phone } from '../src/Phone';
import { WORDS } from '../src/words';
import { app, message, pass, person, Simulator } from './fake';

const words = WORDS.en;
let simulator: Simulator;

beforeEach(() => {
  history.replaceState(null, '', '/?lang=en');
  Element.prototype.scrollIntoView = () => undefined;
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  simulator = new Simulator();
});

const handset = () => within(screen.getByRole('main'));
const press = (name: string) => fireEvent.click(handset().getAllByRole('button', { name })[0] as HTMLElement);
const said = () => screen.getAllByRole('status').map(({ textContent }) => textContent);

async function start(): Promise<void> {
  render(<Phone />);
  await pass();
}

/** What a page in the phone's view says, as its frame would. */
async function tells(data: object): Promise<void> {
  const frame = document.querySelector('iframe') as HTMLIFrameElement;
  const source = frame.contentWindow as Window;
  window.dispatchEvent(new MessageEvent('message', { data, source, origin: 'http://u1.x.weir.localhost' }));
  await pass();
}

async function opens(url: string): Promise<void> {
  simulator.answers['/_phone/open'] = { view: 'http://u1.x.weir.localhost/' };
  simulator.answers['/_phone/view.js'] = {};
  press(words.scan);
  fireEvent.change(screen.getByLabelText(words.orAddress), { target: { value: url } });
  press(words.open);
  await pass();
}

test('a phone that is loaded again is still the same person’s', async () => {
  await start();
  press(words.me);
  press('U2 name-u2');
  await pass();
  expect(said()).toContain(words.switched('U2'));
  expect(new URLSearchParams(location.search).get('user')).toBe('name-u2');
  expect(new URLSearchParams(location.search).get('lang')).toBe('en');
});

test('somebody who is not there is told of, and the first one has the phone', async () => {
  history.replaceState(null, '', '/?lang=en&user=mallory');
  await start();
  expect(said()).toContain(words.noPerson('mallory'));
  press(words.me);
  expect(handset().getByText('name-u1 · no phone number')).toBeTruthy();
});

test('a message that comes is announced, counted until it is seen, and then no more', async () => {
  simulator.inbox.u1 = [message(1)];
  await start();
  expect(handset().getAllByRole('img', { name: words.unread(1) })).toBeTruthy();
  expect(said().join()).not.toContain('Progress');
  simulator.inbox.u1 = [message(1), message(2, { template_id: 'T2' })];
  await pass(2000);
  // Before everybody's eyes in the list, it is only said.
  expect(said()).toContain('mini: News');
  press(words.discover);
  expect(said()).toContain(`${words.services}mini: News`);
  fireEvent.click(screen.getByText('mini: News', { selector: '.banner *' }));
  await pass();
  const cards = handset().getAllByRole('article');
  expect(cards).toHaveLength(2);
  // In the template's order, whatever the order of what was sent.
  expect([...(cards[0]?.querySelectorAll('dt') ?? [])].map(({ textContent }) => textContent)).toEqual([
    'thing1',
    'time2',
  ]);
  press(words.back);
  expect(handset().queryByRole('img', { name: /unread/ })).toBeNull();
  // Started again, it has forgotten what was; the next message is new.
  simulator.inbox.u1 = [];
  await pass(2000);
  simulator.inbox.u1 = [message(3)];
  await pass(2000);
  expect(handset().getAllByRole('img', { name: words.unread(1) })).toBeTruthy();
});

test('what is announced goes by itself, and is none of another person’s', async () => {
  await start();
  simulator.inbox.u1 = [message(1)];
  await pass(2000);
  expect(said().join()).toContain('Progress');
  await pass(6000);
  expect(said().join()).not.toContain('Progress');
  simulator.inbox.u1.push(message(2));
  await pass(2000);
  expect(said().join()).toContain('Progress');
  press(words.me);
  press('U2 name-u2');
  await pass();
  expect(said().join()).not.toContain('Progress');
});

test('a simulator that goes is missed, and one that comes back is told of', async () => {
  await start();
  simulator.isDown = true;
  await pass(2000);
  expect(screen.getByRole('alert').textContent).toBe(words.down);
  simulator.isDown = false;
  await pass(2000);
  expect(screen.queryByText(words.down)).toBeNull();
  expect(said()).toContain(words.again);
});

test('a simulator that was started anew may have forgotten whose phone it was', async () => {
  history.replaceState(null, '', '/?lang=en&user=name-u9');
  simulator.people.push(person('u9'));
  await start();
  press(words.discover);
  press('mini');
  await pass();
  simulator.isDown = true;
  await pass(2000);
  simulator.people.pop();
  simulator.isDown = false;
  await pass(2000);
  expect(said()).toContain(`${words.again} ${words.noPerson('name-u9')}`);
  expect(handset().queryByText(words.loginHow)).toBeNull();
  expect(new URLSearchParams(location.search).has('user')).toBe(false);
});

test('a page that is waited for shows that it is', async () => {
  await start();
  await opens('http://127.0.0.1:1/p');
  const frame = document.querySelector('iframe') as HTMLIFrameElement;
  fireEvent.load(frame);
  expect(screen.queryByRole('progressbar')).toBeNull();
  await tells({ type: 'weir:leaving' });
  expect(screen.getByRole('progressbar', { name: words.loading })).toBeTruthy();
  fireEvent.load(frame);
  expect(screen.queryByRole('progressbar')).toBeNull();
  await tells({ type: 'weir:leaving' });
  await pass(30_000);
  expect(screen.queryByRole('progressbar')).toBeNull();
});

test('a simulator that hangs is given up', async () => {
  await start();
  const patience = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
  simulator.answers['/_sim/users'] = (signal) =>
    new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)));
  await pass(2000);
  expect(screen.queryByText(words.down)).toBeNull();
  patience.abort();
  await pass();
  expect(screen.getByRole('alert').textContent).toBe(words.down);
});

test('the phone goes by the simulator’s clock', async () => {
  vi.setSystemTime(new Date(2030, 0, 5, 9, 5));
  await start();
  expect(handset().getByText('09:05')).toBeTruthy();
  simulator.ahead = 26 * 3_600_000;
  await pass(2000);
  expect(handset().getByText('11:05')).toBeTruthy();
});

test('a prompt keeps the keyboard, gives it back, and may be kept from asking again', async () => {
  await start();
  press(words.discover);
  press('mini');
  await pass();
  const ask = handset().getByRole('button', { name: words.ask });
  ask.focus();
  press(words.ask);
  const dialog = screen.getByRole('dialog');
  expect(document.activeElement).toBe(dialog);
  const [one, two, always] = within(dialog).getAllByRole('checkbox') as HTMLInputElement[];
  fireEvent.keyDown(dialog, { key: 'Tab' });
  expect(document.activeElement).toBe(one);
  // Nothing is ticked: what cannot be pressed is no end of the round.
  fireEvent.click(one as HTMLElement);
  fireEvent.click(two as HTMLElement);
  expect(within(dialog).getByRole<HTMLButtonElement>('button', { name: words.allow }).disabled).toBe(true);
  const reject = within(dialog).getByRole('button', { name: words.reject });
  fireEvent.keyDown(one as HTMLElement, { key: 'Tab', shiftKey: true });
  expect(document.activeElement).toBe(reject);
  fireEvent.keyDown(reject, { key: 'Tab' });
  expect(document.activeElement).toBe(one);

  fireEvent.click(two as HTMLElement);
  fireEvent.click(always as HTMLElement);
  press(words.allow);
  await pass();
  expect(document.activeElement).toBe(ask);
  expect(said()).toContain(words.answered(1, 1));
  const answer = (template_id: string, result: string) => ({
    appid: app.appid,
    user: 'u1',
    template_id,
    result,
    push: false,
  });
  const both = [answer('T1', 'reject'), answer('T2', 'accept')];
  expect(simulator.sent('/_sim/subscribe')).toEqual(both);
  press(words.ask);
  await pass();
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(said()).toContain(words.asAlways);
  expect(simulator.sent('/_sim/subscribe')).toEqual([...both, ...both]);
  press(words.askAgain);
  press(words.ask);
  expect(screen.getByRole('dialog')).toBeTruthy();
  // To turn away is to reject, and is not kept.
  fireEvent.keyDown(screen.getByRole('dialog'), { key: 'Escape' });
  await pass();
  expect(simulator.sent('/_sim/subscribe').slice(-2)).toEqual([
    answer('T1', 'reject'),
    answer('T2', 'reject'),
  ]);
  press(words.ask);
  expect(screen.getByRole('dialog')).toBeTruthy();
});

test('whoever leaves a screen is where they were before', async () => {
  await start();
  press(words.discover);
  const mini = handset().getByRole('button', { name: 'mini' });
  mini.focus();
  fireEvent.click(mini);
  await pass();
  expect(document.activeElement).toBe(handset().getByRole('button', { name: words.back }));
  fireEvent.keyDown(document.activeElement as Element, { key: 'Escape' });
  await pass();
  expect(document.activeElement).toBe(mini);
});

test('somebody is added, and has the phone at once; a name is changed', async () => {
  await start();
  press(words.me);
  press(words.add);
  fireEvent.change(screen.getByLabelText(words.nickname), { target: { value: 'Zoë' } });
  fireEvent.change(screen.getByLabelText(words.phoneNumber), { target: { value: '13900000000' } });
  simulator.answers['/_sim/users'] = { status: 400, error: 'phone: must be digits' };
  press(words.save);
  await pass();
  expect(handset().getByRole('alert').textContent).toBe('phone: must be digits');
  expect(handset().getByRole<HTMLButtonElement>('button', { name: words.save }).disabled).toBe(false);

  const zoe = person('u9', { nickname: 'Zoë' });
  simulator.people.push(zoe);
  simulator.answers['/_sim/users'] = { ...zoe, users: simulator.people };
  press(words.save);
  await pass();
  expect(simulator.sent('/_sim/users').at(-1)).toEqual({ nickname: 'Zoë', phone: '13900000000' });
  expect(said()).toContain(words.added('Zoë'));
  expect(handset().getByText('name-u9 · no phone number')).toBeTruthy();

  press(words.edit);
  const nickname = screen.getByLabelText<HTMLInputElement>(words.nickname);
  expect(nickname.value).toBe('Zoë');
  fireEvent.change(nickname, { target: { value: 'Zoe' } });
  press(words.save);
  await pass();
  expect(simulator.sent('/_sim/users').at(-1)).toEqual({ id: 'u9', nickname: 'Zoe', phone: null });
  expect(said()).toContain(words.saved);
});

test('a browser that finds no views is told what to do, and can go on in a tab', async () => {
  await start();
  simulator.answers['/_phone/view.js'] = () => Promise.reject(new TypeError('not found'));
  simulator.answers['/_phone/open'] = { view: 'http://u1.x.weir.localhost/' };
  press(words.scan);
  fireEvent.change(screen.getByLabelText(words.orAddress), { target: { value: 'http://127.0.0.1:1/p' } });
  press(words.open);
  await pass();
  const alert = handset().getByRole('alert');
  expect(alert.textContent).toContain(words.noViews);
  expect(alert.textContent).toContain(words.noViewsHow('U1'));
  const link = within(alert).getByRole<HTMLAnchorElement>('link', { name: words.openTab });
  expect(link.target).toBe('_blank');
  expect(new URL(link.href).pathname).toBe('/_phone/tab');
  expect(Object.fromEntries(new URL(link.href).searchParams)).toEqual({
    user: 'u1',
    url: 'http://127.0.0.1:1/p',
    lang: 'en',
  });
  expect(document.querySelector('iframe')).toBeNull();
});

test('a simulator that ends before a view is looked for is no view that is not found', async () => {
  await start();
  simulator.answers['/_phone/view.js'] = () => Promise.reject(new TypeError('gone'));
  simulator.answers['/_sim/clock'] = () => Promise.reject(new TypeError('gone'));
  simulator.answers['/_phone/open'] = { view: 'http://u1.x.weir.localhost/' };
  press(words.scan);
  fireEvent.change(screen.getByLabelText(words.orAddress), { target: { value: 'http://127.0.0.1:1/p' } });
  press(words.open);
  await pass();
  expect(handset().getAllByRole('alert').at(-1)?.textContent).toContain(words.down);
});

test('a page may have a code scanned, and gets what it says', async () => {
  await start();
  await opens('http://127.0.0.1:1/p');
  await tells({ type: 'weir:view', url: 'http://127.0.0.1:1/p', title: 'Shop' });
  const frame = document.querySelector('iframe') as HTMLIFrameElement;
  const heard = vi.spyOn(frame.contentWindow as Window, 'postMessage');
  await tells({ type: 'weir:scan', id: 1, wanted: true });
  fireEvent.change(screen.getByLabelText(words.orAddress), { target: { value: 'TICKET-7' } });
  fireEvent.submit(screen.getByLabelText(words.orAddress).closest('form') as Element);
  await pass();
  const back = 'http://u1.x.weir.localhost';
  expect(heard).toHaveBeenLastCalledWith({ type: 'weir:scanned', id: 1, content: 'TICKET-7' }, back);
  // The page is still there, with its title.
  expect(document.querySelector('iframe')).toBe(frame);
  expect(handset().getByRole('heading', { name: 'Shop' })).toBeTruthy();
  await tells({ type: 'weir:scan', id: 2, wanted: true });
  fireEvent.click(
    within(screen.getByRole('region', { name: words.scan })).getByRole('button', { name: words.back }),
  );
  await pass();
  expect(heard).toHaveBeenLastCalledWith({ type: 'weir:scanned', id: 2, content: null }, back);
  expect(document.querySelector('iframe')).toBe(frame);
});

test('a page’s pictures lie over it, and a page closes itself', async () => {
  await start();
  await opens('http://127.0.0.1:1/p');
  const urls = ['http://x/1.png', 'http://x/2.png'];
  await tells({ type: 'weir:preview', current: urls[1], urls });
  const dialog = screen.getByRole('dialog', { name: words.picture(2, 2) });
  expect(within(dialog).getByRole<HTMLImageElement>('img').src).toBe(urls[1]);
  fireEvent.click(within(dialog).getByRole('button', { name: words.after }));
  expect(within(dialog).getByRole<HTMLImageElement>('img').src).toBe(urls[0]);
  fireEvent.keyDown(dialog.querySelector('.pictures') as Element, { key: 'ArrowLeft' });
  expect(within(dialog).getByRole<HTMLImageElement>('img').src).toBe(urls[1]);
  fireEvent.keyDown(dialog, { key: 'Escape' });
  expect(screen.queryByRole('dialog')).toBeNull();
  await tells({ type: 'weir:close' });
  expect(document.querySelector('iframe')).toBeNull();
});

test('nobody but the page around and the page shown is listened to', async () => {
  await start();
  const from = (source: MessageEventSource | null, origin: string, data: object) =>
    window.dispatchEvent(new MessageEvent('message', { data, source, origin }));
  from(null, 'http://127.0.0.1', { type: 'weir:user', user: 'u2' });
  from(window, 'https://example.com', { type: 'weir:user', user: 'u2' });
  await pass();
  expect(said()).not.toContain(words.switched('U2'));
  await opens('http://127.0.0.1:1/p');
  from(window, 'http://127.0.0.1', { type: 'weir:close' });
  from(null, 'http://127.0.0.1', { type: 'weir:close' });
  await pass();
  expect(document.querySelector('iframe')).not.toBeNull();
  // A frame's parent is this very window when nothing is around it.
  from(window, 'http://127.0.0.1', { type: 'weir:user', user: 'u2' });
  await pass();
  expect(said()).toContain(words.switched('U2'));
});
