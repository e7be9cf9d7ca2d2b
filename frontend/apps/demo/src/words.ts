import type { Language } from '@weir/react';

export const LANGUAGES: Record<Language, string> = { en: 'English', zh: '中文', ru: 'Русский' };
export const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN', ru: 'ru' };

const en = {
  title: 'Weir: WeChat in your application',
  about:
    'Weir is a server of your own that deals with WeChat for your site. Here WeChat is played by a simulator, so you need no account. Try the four things below.',
  between: [
    ['Your site', 'sees plain JSON and tokens'],
    ['Weir', 'keeps secrets, codes and quotas'],
    ['WeChat', 'here: a simulator and its phone'],
  ] as [string, string][],
  sides: 'Site or phone',
  site: 'Your site',
  back: 'Done: back to your site',
  onward: 'And then',
  allDone: 'All four done. And then',
  api: 'The API, to read and try',
  simulator: 'What the simulator can do: faults, clock, calls',
  files: [
    ['React components', 'frontend/packages/react/README.md'],
    ['A mini-program to start from', 'mini-program/README.md'],
    ['With the real WeChat', 'docs/guide/real-wechat.md'],
  ] as [string, string][],
  language: 'Language',
  broken: 'The demo does not answer: is weir demo still running?',
  refused: (said: string) => `That did not work. Try again; the server says: ${said}`,
  phone: 'Alice’s phone',
  done: 'done',
  how: 'How it looks in your code',
  yourSite: 'A page of your site, where user 106 is signed in',
  bind: 'Bind a WeChat account',
  bindText:
    'Press “Bind WeChat”, scan the code with the phone of Alice (爱丽丝 on WeChat), and agree on the phone.',
  bindDone: (name: string) =>
    `Weir made the code, asked WeChat who scanned it and told your site: user 106 is ${name}.`,
  hold: 'Scan it with Alice’s phone',
  noCode: 'There is no code to be read: press “Bind WeChat” first.',
  isDown: 'The demo does not answer. Start it again with “make demo”; this page then goes on by itself.',
  login: 'Log in inside WeChat',
  loginText:
    'A page that is opened in WeChat needs no password. Open it, tap “Log in with WeChat” and agree.',
  loginDone: (until: string) =>
    `Weir exchanged WeChat’s code for the person and keeps the login until ${until}.`,
  openInPhone: 'Open it on the phone',
  share: 'Share a page',
  shareText:
    'Open a page, tap ⋯ on the phone and send it to a friend: it arrives with its own title and text, as WeChat trusts Weir’s signature.',
  shareDone: (title: string) =>
    `Weir signed the page, and WeChat took “${title}”. Tap ⋯ on the phone to see what a friend gets.`,
  shareReady: 'WeChat has taken the title and text of this page. Tap ⋯ above to send it to a friend.',
  shareWait: 'Asking WeChat…',
  shareElsewhere: 'Open this page in WeChat to share it.',
  flat: 'A flat with a view',
  flatText: 'Three rooms, a river, and a weir.',
  lead: 'Win a customer',
  leadText:
    'Bob, a customer, asks for a call. He becomes one lead, and Alice, who sells, gets a message on her phone.',
  leadOf: (id: string | undefined, isNew: boolean, phone: string) =>
    id === undefined
      ? `no lead, as “${phone}” is no Chinese mobile number`
      : isNew
        ? `${id} is a new lead`
        : `${id} is the same lead as before`,
  leadDone: (lead: string, state: string) => `Weir wrote it down: ${lead}; ${state}.`,
  name: 'Name',
  someName: 'Bob',
  phoneNumber: 'Phone',
  ask: 'Ask for a call',
  leads: 'Leads of your sales team',
  number: 'Number',
  states: {
    queued: 'the message waits',
    sending: 'the message is being sent',
    sent: 'the message was sent',
    delivered: 'the message was delivered',
    refused: 'WeChat refused the message',
    uncertain: 'WeChat’s answer was lost: it is not known whether the message was sent',
    dead: 'the message was given up',
  } as Record<string, string>,
};

export type Words = typeof en;

export const WORDS: Record<Language, Words> = {
  en,
  zh: {
    title: 'Weir：让您的应用接入微信',
    about:
      'Weir 是您自己的服务器，替您的网站与微信打交道。这里的微信由模拟器扮演，无需任何账号。请试试下面四件事。',
    between: [
      ['您的网站', '只看到普通 JSON 和令牌'],
      ['Weir', '保管密钥、code 与配额'],
      ['微信', '此处：模拟器和它的手机'],
    ],
    sides: '网站或手机',
    site: '您的网站',
    back: '已完成：回到您的网站',
    onward: '接下来',
    allDone: '四件事都完成了。接下来',
    api: '接口文档，可直接试用',
    simulator: '模拟器能做什么：故障、时钟、调用记录',
    files: [
      ['React 组件', 'frontend/packages/react/README.md'],
      ['小程序示例', 'mini-program/README.md'],
      ['接入真实的微信', 'docs/guide/real-wechat.md'],
    ],
    language: '语言',
    broken: '演示没有响应：weir demo 还在运行吗？',
    refused: (said) => `未成功，请重试。服务器返回：${said}`,
    phone: '爱丽丝的手机',
    done: '已完成',
    how: '对应的代码',
    yourSite: '您网站的一个页面，用户 106 已登录',
    bind: '绑定微信账号',
    bindText: '点击“绑定微信”，用爱丽丝的手机扫码，再在手机上同意。',
    bindDone: (name) => `Weir 生成了二维码，向微信查明是谁扫的，并告诉您的网站：用户 106 就是${name}。`,
    hold: '用爱丽丝的手机扫码',
    noCode: '没有可识别的二维码：请先点击“绑定微信”。',
    isDown: '演示没有响应。请用 make demo 重新启动，本页会自动继续。',
    login: '在微信内登录',
    loginText: '在微信中打开的页面无需密码。打开它，点击“微信授权登录”并同意。',
    loginDone: (until) => `Weir 用微信的 code 换得用户身份，登录有效期至 ${until}。`,
    openInPhone: '在手机上打开',
    share: '分享页面',
    shareText: '打开页面，在手机上点 ⋯ 发给好友：好友会看到它自己的标题和简介，因为微信认可 Weir 的签名。',
    shareDone: (title) => `Weir 为页面签了名，微信接受了“${title}”。在手机上点 ⋯，看看好友收到什么。`,
    shareReady: '微信已接受此页面的标题和简介。点右上角 ⋯ 发给好友。',
    shareWait: '正在请求微信…',
    shareElsewhere: '请在微信中打开此页面进行分享。',
    flat: '江景三居室',
    flatText: '三室两厅，临江而居。',
    lead: '获得客户',
    leadText: '客户 Bob 留下电话。他只会成为一条线索，负责销售的爱丽丝会在手机上收到消息。',
    leadOf: (id, isNew, phone) =>
      id === undefined
        ? `“${phone}”不是大陆手机号，没有生成线索`
        : isNew
          ? `${id} 是新线索`
          : `${id} 仍是同一条线索`,
    leadDone: (lead, state) => `Weir 已记录：${lead}；${state}。`,
    name: '姓名',
    someName: 'Bob',
    phoneNumber: '电话',
    ask: '请联系我',
    leads: '销售团队的线索',
    number: '编号',
    states: {
      queued: '消息等待发送',
      sending: '消息正在发送',
      sent: '消息已发送',
      delivered: '消息已送达',
      refused: '微信拒绝了消息',
      uncertain: '微信的回复丢失：不确定消息是否已发送',
      dead: '消息已放弃',
    },
  },
  ru: {
    title: 'Weir: WeChat в вашем приложении',
    about:
      'Weir — ваш собственный сервер, который общается с WeChat вместо вашего сайта. Здесь WeChat изображает симулятор, аккаунт не нужен. Попробуйте четыре вещи ниже.',
    between: [
      ['Ваш сайт', 'видит обычный JSON и токены'],
      ['Weir', 'хранит секреты, коды и квоты'],
      ['WeChat', 'здесь: симулятор и его телефон'],
    ],
    sides: 'Сайт или телефон',
    site: 'Ваш сайт',
    back: 'Готово: назад на сайт',
    onward: 'А дальше',
    allDone: 'Все четыре готовы. А дальше',
    api: 'API: читать и пробовать',
    simulator: 'Что умеет симулятор: сбои, часы, вызовы',
    files: [
      ['Компоненты React', 'frontend/packages/react/README.md'],
      ['Мини-программа для начала', 'mini-program/README.md'],
      ['С настоящим WeChat', 'docs/guide/real-wechat.md'],
    ],
    language: 'Язык',
    broken: 'Демо не отвечает: запущена ли weir demo?',
    refused: (said) => `Не получилось. Попробуйте снова; сервер отвечает: ${said}`,
    phone: 'Телефон Алисы',
    done: 'готово',
    how: 'Как это выглядит в вашем коде',
    yourSite: 'Страница вашего сайта, вошёл пользователь 106',
    bind: 'Привязать аккаунт WeChat',
    bindText:
      'Нажмите «Привязать WeChat», отсканируйте код телефоном Алисы (в WeChat 爱丽丝) и согласитесь на телефоне.',
    bindDone: (name) =>
      `Weir сделал код, узнал у WeChat, кто его отсканировал, и сообщил вашему сайту: пользователь 106 — это ${name}.`,
    hold: 'Отсканировать телефоном Алисы',
    noCode: 'Кода не видно: сначала нажмите «Привязать WeChat».',
    isDown: 'Демо не отвечает. Запустите его снова: make demo; эта страница продолжит сама.',
    login: 'Войти внутри WeChat',
    loginText:
      'Странице, открытой в WeChat, не нужен пароль. Откройте её, нажмите «Войти через WeChat» и согласитесь.',
    loginDone: (until) => `Weir обменял код WeChat на человека и хранит вход до ${until}.`,
    openInPhone: 'Открыть на телефоне',
    share: 'Поделиться страницей',
    shareText:
      'Откройте страницу, нажмите ⋯ на телефоне и отправьте её другу: она придёт со своим заголовком и текстом, ведь WeChat верит подписи Weir.',
    shareDone: (title) =>
      `Weir подписал страницу, и WeChat принял «${title}». Нажмите ⋯ на телефоне и посмотрите, что получит друг.`,
    shareReady: 'WeChat принял заголовок и текст этой страницы. Нажмите ⋯ вверху, чтобы отправить её другу.',
    shareWait: 'Спрашиваем WeChat…',
    shareElsewhere: 'Откройте эту страницу в WeChat, чтобы поделиться ею.',
    flat: 'Квартира с видом на реку',
    flatText: 'Три комнаты, река и плотина.',
    lead: 'Получить клиента',
    leadText:
      'Клиент Боб просит позвонить. Он становится одним лидом, а Алиса, продавец, получает сообщение на телефон.',
    leadOf: (id, isNew, phone) =>
      id === undefined
        ? `лида нет: «${phone}» — не китайский мобильный номер`
        : isNew
          ? `${id} — новый лид`
          : `${id} — тот же лид, что и раньше`,
    leadDone: (lead, state) => `Weir записал: ${lead}; ${state}.`,
    name: 'Имя',
    someName: 'Боб',
    phoneNumber: 'Телефон',
    ask: 'Попросить звонок',
    leads: 'Лиды вашей команды',
    number: 'Номер',
    states: {
      queued: 'сообщение ждёт',
      sending: 'сообщение отправляется',
      sent: 'сообщение отправлено',
      delivered: 'сообщение доставлено',
      refused: 'WeChat отклонил сообщение',
      uncertain: 'ответ WeChat потерян: неизвестно, отправлено ли сообщение',
      dead: 'от сообщения отказались',
    },
  },
};

/** `?lang=` first, then the browser's. */
export function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
  const language = asked.slice(0, 2).toLowerCase();
  return language in LANGUAGES ? (language as Language) : 'en';
}
