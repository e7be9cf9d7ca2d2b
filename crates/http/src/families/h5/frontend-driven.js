// A login that the page drives itself: two calls, and a state that the server keeps. Copy what you need.
'use strict';

const $ = (id) => document.getElementById(id);
const PAGE = location.origin + location.pathname;
const time = (seconds) => new Date(seconds * 1000).toLocaleString('zh-CN');

function show(status, error) {
  $('status').textContent = status;
  $('error').textContent = error || '';
  $('error').hidden = !error;
}

async function call(path, options) {
  const response = await fetch(path, { credentials: 'same-origin', ...options });
  const answer = await response.json();
  if (answer.code !== 200) throw new Error(answer.message);
  return answer.data;
}

// Where WeChat asks for consent. In other browsers WeChat shows a notice; the simulator works in all of them.
async function authorize() {
  try {
    const query = new URLSearchParams({ redirect: PAGE, scope: 'snsapi_userinfo' });
    const { url, state } = await call('/api/wechat/authorize-url?' + query);
    sessionStorage.setItem('wechat_state', state);
    location.assign(url);
  } catch (error) {
    ask('无法开始授权', error.message);
  }
}

function ask(status, error) {
  show(status, error);
  $('user').hidden = true;
  $('again').hidden = true;
  $('login').hidden = false;
}

function display(user) {
  sessionStorage.removeItem('wechat_again');
  show('授权有效');
  $('avatar').hidden = !user.headimgurl;
  if (user.headimgurl) $('avatar').src = user.headimgurl;
  $('nickname').textContent = user.nickname || '未提供';
  $('openid').textContent = user.openid;
  $('login_time').textContent = time(user.login_time);
  $('expires_at').textContent = time(user.expires_at || user.login_time + 86400);
  $('user').hidden = false;
  $('again').hidden = false;
  $('login').hidden = true;
}

// WeChat has sent us back. The code works once, so it must not stay in the address.
async function comeBack(code, state) {
  history.replaceState(null, '', PAGE);
  // A code that this page did not ask for is somebody else's: whoever made the link would have us log in as them.
  if (!state || state !== sessionStorage.getItem('wechat_state')) {
    return ask('授权失败', 'state 无效，请重新授权');
  }
  show('正在登录…');
  try {
    const { user_info } = await call('/api/wechat/auth', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code, state }),
    });
    localStorage.setItem('wechat_openid', user_info.openid);
    display(user_info);
  } catch (error) {
    ask('授权失败', error.message);
  }
}

async function check(openid) {
  try {
    const result = await call('/api/user/' + encodeURIComponent(openid));
    if (result.exists && !result.need_auth) return display(result.user_info);
    // Over: go and ask again, but only once, should WeChat send us straight back.
    if (result.exists && !sessionStorage.getItem('wechat_again')) {
      sessionStorage.setItem('wechat_again', '1');
      show('授权已过期，正在重新授权…');
      return authorize();
    }
    ask(result.exists ? '授权已过期，请重新授权' : '需要授权');
  } catch (error) {
    ask('无法检查授权状态', error.message);
  }
}

$('login').addEventListener('click', authorize);
$('again').addEventListener('click', () => {
  localStorage.removeItem('wechat_openid');
  authorize();
});

$('avatar').addEventListener('error', () => { $('avatar').hidden = true; });

// After a login through Weir's own callback the openid stands behind the #.
const hash = new URLSearchParams(location.hash.slice(1));
if (hash.get('openid')) {
  localStorage.setItem('wechat_openid', hash.get('openid'));
  history.replaceState(null, '', PAGE);
}
const query = new URLSearchParams(location.search);
const openid = localStorage.getItem('wechat_openid');
if (query.get('code')) comeBack(query.get('code'), query.get('state'));
else if (query.has('state')) ask('您取消了授权');
else if (openid) check(openid);
else ask('请授权以继续');
