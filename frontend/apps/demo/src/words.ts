import type { Language } from '@weir/react';

export const LANGUAGES: Record<Language, string> = { en: 'English', zh: '中文', ru: 'Русский' };
export const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN', ru: 'ru' };

const en = {
  title: 'Weir: WeChat in your application',
  about:
    'At the left your site, at the right Alice’s phone. Try the four things below; nothing leaves this computer.',
  more: 'More',
  api: 'The API',
  simulator: 'The simulator',
  language: 'Language',
  broken: 'The demo does not answer: is weir demo still running?',
  phone: 'Alice’s phone',
  done: 'done',
  how: 'How it looks in your code',
  yourSite: 'Your site, user 106',
  bind: 'Bind a WeChat account',
  bindText:
    'Press “Bind WeChat” and hold the phone to the code. Alice taps 允许 (allow) on her phone, confirms, and the site knows her.',
  hold: 'Hold the phone to the code',
  noCode: 'There is no code to be read: press “Bind WeChat” first.',
  noPhone: 'The simulator does not answer: is weir demo still running?',
  login: 'Log in inside WeChat',
  loginText:
    'A page that is opened in WeChat logs its visitor in without a password: a tap on 允许 (allow) will do.',
  openInPhone: 'Open it on the phone',
  until: 'good until',
  share: 'Share a page',
  shareText:
    'A page that is sent to a friend comes with its own title and text. WeChat checks a signature for that.',
  shareReady: 'WeChat has taken the title and text of this page.',
  shareWait: 'Asking WeChat…',
  shareElsewhere: 'Open this page in WeChat to share it.',
  flat: 'A flat with a view',
  flatText: 'Three rooms, a river, and a weir.',
  lead: 'Win a customer',
  leadText: 'Bob asks for a call. He becomes a lead once, and Alice, who sells, gets a message on her phone.',
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
    about: '左边是您的网站，右边是爱丽丝的手机。试试下面四件事；所有数据都不会离开这台电脑。',
    more: '更多',
    api: '接口文档',
    simulator: '模拟器',
    language: '语言',
    broken: '演示没有响应：weir demo 还在运行吗？',
    phone: '爱丽丝的手机',
    done: '已完成',
    how: '在您的代码中',
    yourSite: '您的网站，用户 106',
    bind: '绑定微信账号',
    bindText: '点击“绑定微信”，再用手机扫码。爱丽丝在手机上同意后，网站就认识她了。',
    hold: '用手机扫码',
    noCode: '没有可识别的二维码：请先点击“绑定微信”。',
    noPhone: '模拟器没有响应：weir demo 还在运行吗？',
    login: '在微信内登录',
    loginText: '在微信中打开的页面无需密码即可登录。',
    openInPhone: '在手机上打开',
    until: '有效期至',
    share: '分享页面',
    shareText: '发给好友的页面带有自己的标题和简介，微信会为此校验签名。',
    shareReady: '微信已接受此页面的标题和简介。',
    shareWait: '正在请求微信…',
    shareElsewhere: '请在微信中打开此页面进行分享。',
    flat: '江景三居室',
    flatText: '三室两厅，临江而居。',
    lead: '获得客户',
    leadText: 'Bob 留下电话。他只会成为一条线索，负责销售的爱丽丝会在手机上收到消息。',
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
      'Слева ваш сайт, справа телефон Алисы. Попробуйте четыре вещи ниже; ничто не покидает этот компьютер.',
    more: 'Ещё',
    api: 'API',
    simulator: 'Симулятор',
    language: 'Язык',
    broken: 'Демо не отвечает: запущена ли weir demo?',
    phone: 'Телефон Алисы',
    done: 'готово',
    how: 'Как это выглядит в вашем коде',
    yourSite: 'Ваш сайт, пользователь 106',
    bind: 'Привязать аккаунт WeChat',
    bindText:
      'Нажмите «Привязать WeChat» и поднесите телефон к коду. Алиса нажимает 允许 (разрешить), подтверждает, и сайт её знает.',
    hold: 'Поднести телефон к коду',
    noCode: 'Кода не видно: сначала нажмите «Привязать WeChat».',
    noPhone: 'Симулятор не отвечает: запущена ли weir demo?',
    login: 'Войти внутри WeChat',
    loginText:
      'Страница, открытая в WeChat, впускает посетителя без пароля: достаточно нажать 允许 (разрешить).',
    openInPhone: 'Открыть на телефоне',
    until: 'действует до',
    share: 'Поделиться страницей',
    shareText: 'Страница приходит к другу со своим заголовком и текстом. WeChat проверяет для этого подпись.',
    shareReady: 'WeChat принял заголовок и текст этой страницы.',
    shareWait: 'Спрашиваем WeChat…',
    shareElsewhere: 'Откройте эту страницу в WeChat, чтобы поделиться ею.',
    flat: 'Квартира с видом на реку',
    flatText: 'Три комнаты, река и плотина.',
    lead: 'Получить клиента',
    leadText:
      'Боб просит позвонить. Он становится лидом один раз, а Алиса, продавец, получает сообщение на телефон.',
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
