// A login that the page drives itself: three calls, and a state that the server keeps. Copy what you need.
//
//   GET  /api/wechat/authorize-url  where WeChat asks for consent, and the state that it brings back
//   POST /api/wechat/auth           the code that it brings back, for the person; sets a cookie that proves who this is
//   GET  /api/user/{openid}         whether that is still good: it is for 24 hours
//
// It is three files: this one, its .html and its .css. Serve them where /api leads to Weir too, as the cookie is of one
// origin, and write the page's address into `web.redirects`, to the letter, unless it is below `web.public_url`.
'use strict';

const WORDS = {
  'zh-CN': {
    title: '微信授权', checking: '正在检查授权状态…', entering: '正在登录…', valid: '授权有效', needed: '需要授权', welcome: '请授权以继续',
    over: '授权已过期，请重新授权', renewing: '授权已过期，正在重新授权…', refused: '您取消了授权', failed: '授权失败', foreign: 'state 无效，请重新授权',
    no_start: '无法开始授权', no_check: '无法检查授权状态', offline: '无法连接服务器，请检查网络后重试', storage: '浏览器未允许本页保存数据，请允许 Cookie 和存储后重试',
    away: '服务暂时不可用，请稍后再试', login: '微信授权登录', again: '重新授权',
    nickname: '昵称', since: '授权时间', until: '有效期至', unknown: '未提供',
  },
  en: {
    title: 'WeChat login', checking: 'Checking your login…', entering: 'Logging in…', valid: 'You are logged in', needed: 'Please log in',
    welcome: 'Log in to go on', over: 'Your login is over, please log in again', renewing: 'Your login is over, logging in again…',
    refused: 'You cancelled the login', failed: 'The login failed', foreign: 'This link was not made by this page: please log in again',
    no_start: 'The login could not start', no_check: 'Your login could not be checked',
    offline: 'The server cannot be reached: check the network and try again', login: 'Log in with WeChat', again: 'Log in again',
    nickname: 'Nickname', since: 'Logged in', until: 'Good until', unknown: 'not given',
    storage: 'This browser keeps nothing for this page: allow cookies and storage, then try again',
    away: 'This does not work at the moment: try again later',
    400: 'This login was used already or is of another browser: please log in again',
    422: 'This is a snapshot of the page: choose “Use full service” below it, then log in again',
    429: 'Too many tries: wait a minute, then log in again', 500: 'WeChat did not let you in or does not answer: try again',
  },
  ru: {
    title: 'Вход через WeChat', checking: 'Проверяем вход…', entering: 'Входим…', valid: 'Вы вошли', needed: 'Нужен вход',
    welcome: 'Войдите, чтобы продолжить', over: 'Срок входа истёк, войдите снова', renewing: 'Срок входа истёк, входим снова…',
    refused: 'Вы отменили вход', failed: 'Войти не удалось', foreign: 'Эта ссылка создана не этой страницей: войдите снова',
    no_start: 'Не удалось начать вход', no_check: 'Не удалось проверить вход',
    offline: 'Сервер недоступен: проверьте сеть и попробуйте снова', login: 'Войти через WeChat', again: 'Войти снова',
    nickname: 'Имя', since: 'Вход выполнен', until: 'Действует до', unknown: 'не указано',
    storage: 'Браузер ничего не сохраняет для этой страницы: разрешите cookie и хранилище и попробуйте снова',
    away: 'Сейчас это не работает: попробуйте позже',
    400: 'Этот вход уже использован или начат в другом браузере: войдите снова',
    422: 'Это снимок страницы: выберите под ним «Использовать полный сервис» и войдите снова',
    429: 'Слишком много попыток: подождите минуту и войдите снова', 500: 'WeChat не пустил вас или не отвечает: попробуйте снова',
  },
};

// The page's own address: what WeChat is asked to come back to, and what stays in the address bar afterwards.
const PAGE = location.origin + location.pathname;
const query = new URLSearchParams(location.search);

// Some browsers deny storage, or have none left. Without, nobody could tell a state of ours from a stranger's.
const KEEPS = keeps();
function keeps() {
  try {
    for (const storage of [sessionStorage, localStorage]) {
      storage.setItem('wechat_try', '1');
      storage.removeItem('wechat_try');
    }
    return true;
  } catch {
    return false;
  }
}

// `?lang=` counts, also after the way to WeChat and back; then the browser's language.
if (KEEPS && query.get('lang')) sessionStorage.setItem('wechat_lang', query.get('lang'));
const asked = query.get('lang') || (KEEPS && sessionStorage.getItem('wechat_lang'));
const wanted = (asked || navigator.language || 'zh').slice(0, 2).toLowerCase();
const LANG = Object.keys(WORDS).find((lang) => lang.startsWith(wanted)) || 'zh-CN';
const words = WORDS[LANG];

const $ = (id) => document.getElementById(id);
const time = (seconds) => new Date(seconds * 1000).toLocaleString(LANG);

document.documentElement.lang = LANG;
document.title = words.title;
for (const element of document.querySelectorAll('[data-word]')) element.textContent = words[element.dataset.word];

function show(icon, status, error) {
  $('icon').className = `weui-icon-${icon} weui-icon_msg`;
  $('status').textContent = status;
  $('error').textContent = error || '';
  $('error').hidden = !error;
  document.querySelector('main').setAttribute('aria-busy', String(icon === 'waiting'));
}

// Every answer is {code, message, data}; a code other than 200 comes with a message for people, in Chinese.
async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...options });
  } catch {
    throw new Error(words.offline);
  }
  // A proxy on the way may answer with a page of its own.
  const answer = (await response.json().catch(() => null)) || {};
  if (answer.code === 200 && answer.data) return answer.data;
  // Whoever builds the page finds the server's reason here.
  if (answer.message) console.error(path, answer.message);
  const told = LANG === 'zh-CN' ? answer.message : answer.code && words[answer.code];
  throw new Error(told || `${words.away} (HTTP ${response.status})`);
}

// Where WeChat asks for consent. In other browsers WeChat shows a notice; the simulator works in all of them.
async function authorize() {
  if (!KEEPS) return location.reload();
  $('login').disabled = $('again').disabled = true;
  try {
    const asked = new URLSearchParams({ redirect: PAGE, scope: 'snsapi_userinfo' });
    const { url, state } = await call('/api/wechat/authorize-url?' + asked);
    sessionStorage.setItem('wechat_state', state);
    location.assign(url);
  } catch (error) {
    ask('warn', words.no_start, error.message);
  }
}

function ask(icon, status, error) {
  show(icon, status, error);
  $('user').hidden = true;
  $('again').hidden = true;
  $('login').hidden = false;
  $('login').disabled = false;
}

function display(user) {
  localStorage.setItem('wechat_openid', user.openid);
  sessionStorage.removeItem('wechat_again');
  show('success', words.valid);
  $('avatar').hidden = !user.headimgurl;
  if (user.headimgurl) $('avatar').src = user.headimgurl;
  $('nickname').textContent = user.nickname || words.unknown;
  $('openid').textContent = user.openid;
  $('login_time').textContent = time(user.login_time);
  $('expires_at').textContent = time(user.expires_at || user.login_time + 86400);
  $('user').hidden = false;
  $('again').hidden = false;
  $('again').disabled = false;
  $('login').hidden = true;
}

// WeChat has sent us back. The code works once, so it must not stay in the address.
async function comeBack(code, state) {
  history.replaceState(null, '', PAGE);
  // A code that this page did not ask for is somebody else's: whoever made the link would have us log in as them.
  if (!state || state !== sessionStorage.getItem('wechat_state')) return ask('warn', words.failed, words.foreign);
  show('waiting', words.entering);
  try {
    const { user_info } = await call('/api/wechat/auth', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code, state }),
    });
    display(user_info);
  } catch (error) {
    ask('warn', words.failed, error.message);
  }
}

async function check(openid) {
  try {
    const result = await call('/api/user/' + encodeURIComponent(openid));
    if (result.exists && !result.need_auth) return display(result.user_info);
    // Over: go and ask again, but only once, should WeChat send us straight back.
    if (result.exists && !sessionStorage.getItem('wechat_again')) {
      sessionStorage.setItem('wechat_again', '1');
      show('waiting', words.renewing);
      return authorize();
    }
    ask('info', result.exists ? words.over : words.needed);
  } catch (error) {
    // Whoever came back to the page without a network is shown as before.
    if ($('user').hidden) ask('warn', words.no_check, error.message);
  }
}

$('login').addEventListener('click', authorize);
$('again').addEventListener('click', () => {
  localStorage.removeItem('wechat_openid');
  authorize();
});
// Somebody comes back to the open page: the day may be over.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && !$('user').hidden) check($('openid').textContent);
});
// Back from WeChat's page, some browsers show this one as it was left.
window.addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  $('login').disabled = $('again').disabled = false;
  // It was left while it waited for WeChat: nobody is to wait for that any more.
  if ($('user').hidden) ask('info', words.welcome);
});
$('avatar').addEventListener('error', () => { $('avatar').hidden = true; });

// After a login through Weir's own callback the openid stands behind the #. Links of strangers may have one too, so it is
// kept once the server knows it for this browser's.
const hash = new URLSearchParams(location.hash.slice(1));
if (hash.get('openid')) history.replaceState(null, '', PAGE);
const openid = hash.get('openid') || (KEEPS && localStorage.getItem('wechat_openid'));
if (!KEEPS) ask('warn', words.needed, words.storage);
else if (query.get('code')) comeBack(query.get('code'), query.get('state'));
else if (query.has('state')) ask('warn', words.refused);
else if (openid) check(openid);
else ask('info', words.welcome);
