import type { Language } from './types.js';

const en = {
  title: 'WeChat',
  none: 'No WeChat account is bound.',
  loading: 'Loading…',
  bound: 'WeChat account bound.',
  unbound: 'WeChat account unbound.',
  since: (date: string) => `Bound since ${date}`,
  nameless: 'WeChat user',
  bind: 'Bind WeChat',
  scanToBind: 'Scan with WeChat to bind your account',
  scanToLogin: 'Scan with WeChat to sign in',
  code: 'QR code to scan with WeChat',
  scanned: 'Scanned. Confirm on your phone.',
  expired: 'This code is no longer good.',
  refresh: 'Get a new code',
  left: (time: string) => `Good for ${time}`,
  unbind: 'Unbind',
  sure: 'Unbind this WeChat account? You can no longer sign in with it.',
  yes: 'Yes, unbind',
  no: 'Keep it',
  retry: 'Try again',
  login: 'Sign in with WeChat',
  working: 'One moment…',
  loggedIn: 'Signed in.',
  samePhone: 'On this phone? Open this page in WeChat to sign in.',
  offline: 'The server cannot be reached. Check your connection.',
  signedOut: 'You are signed out. Sign in again, then come back.',
  tooMany: (seconds: number) => `Too many tries. Wait ${seconds} s.`,
  unavailable: 'This does not work right now. Try again in a moment.',
  boundElsewhere: 'This WeChat account is already bound to another user.',
  boundAlready: 'You already have a WeChat account bound.',
  codeGone: 'This code does not exist any more. Get a new one.',
};

export type Words = typeof en;

const zh: Words = {
  title: '微信',
  none: '尚未绑定微信账号。',
  loading: '加载中…',
  bound: '微信账号已绑定。',
  unbound: '微信账号已解绑。',
  since: (date) => `绑定于 ${date}`,
  nameless: '微信用户',
  bind: '绑定微信',
  scanToBind: '请用微信扫一扫，绑定您的账号',
  scanToLogin: '请用微信扫一扫登录',
  code: '供微信扫描的二维码',
  scanned: '扫描成功，请在手机上确认。',
  expired: '二维码已失效。',
  refresh: '刷新二维码',
  left: (time) => `有效时间 ${time}`,
  unbind: '解除绑定',
  sure: '确定解绑此微信账号？解绑后将不能再用它登录。',
  yes: '确定解绑',
  no: '保留',
  retry: '重试',
  login: '微信登录',
  working: '请稍候…',
  loggedIn: '登录成功。',
  samePhone: '正在用手机浏览？请在微信中打开此页面登录。',
  offline: '无法连接服务器，请检查网络。',
  signedOut: '登录已失效，请重新登录。',
  tooMany: (seconds) => `操作过于频繁，请等待 ${seconds} 秒。`,
  unavailable: '服务暂时不可用，请稍后重试。',
  boundElsewhere: '该微信账号已绑定其他用户。',
  boundAlready: '您已绑定微信账号。',
  codeGone: '二维码不存在，请重新获取。',
};

const ru: Words = {
  title: 'WeChat',
  none: 'Аккаунт WeChat не привязан.',
  loading: 'Загрузка…',
  bound: 'Аккаунт WeChat привязан.',
  unbound: 'Аккаунт WeChat отвязан.',
  since: (date) => `Привязан с ${date}`,
  nameless: 'Пользователь WeChat',
  bind: 'Привязать WeChat',
  scanToBind: 'Отсканируйте код в WeChat, чтобы привязать аккаунт',
  scanToLogin: 'Отсканируйте код в WeChat, чтобы войти',
  code: 'QR-код для сканирования в WeChat',
  scanned: 'Код отсканирован. Подтвердите на телефоне.',
  expired: 'Код больше не действует.',
  refresh: 'Получить новый код',
  left: (time) => `Действует ещё ${time}`,
  unbind: 'Отвязать',
  sure: 'Отвязать этот аккаунт WeChat? Войти с ним больше не получится.',
  yes: 'Да, отвязать',
  no: 'Оставить',
  retry: 'Повторить',
  login: 'Войти через WeChat',
  working: 'Минуту…',
  loggedIn: 'Вход выполнен.',
  samePhone: 'Вы с телефона? Откройте эту страницу в WeChat, чтобы войти.',
  offline: 'Сервер недоступен. Проверьте соединение.',
  signedOut: 'Сеанс завершён. Войдите снова.',
  tooMany: (seconds) => `Слишком много попыток. Подождите ${seconds} с.`,
  unavailable: 'Сейчас это не работает. Повторите чуть позже.',
  boundElsewhere: 'Этот аккаунт WeChat уже привязан к другому пользователю.',
  boundAlready: 'У вас уже привязан аккаунт WeChat.',
  codeGone: 'Этого кода больше нет. Получите новый.',
};

export const WORDS: Record<Language, Words> = { en, zh, ru };

/** The first of the reader's languages that is one of ours; English when none is. */
export function languageOf(tags: readonly string[]): Language {
  for (const tag of tags) {
    const language = tag.slice(0, 2).toLowerCase();
    if (Object.hasOwn(WORDS, language)) return language as Language;
  }
  return 'en';
}

/** For `Intl` and the attribute `lang`. */
export const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN', ru: 'ru' };
