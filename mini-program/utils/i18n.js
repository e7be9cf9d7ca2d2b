const { Failure } = require('./errors.js');

const zh = {
  loginTitle: '登录',
  loginHint: '头像和昵称可以不填',
  chooseAvatar: '选择头像',
  nickname: '昵称',
  nicknameHint: '请输入昵称',
  login: '微信一键登录',
  loginWithPhone: '登录并绑定手机号',
  profileTitle: '我的',
  noName: '微信用户',
  phone: '手机号',
  noPhone: '未绑定',
  bindPhone: '绑定手机号',
  phoneBound: '手机号已绑定',
  refresh: '刷新',
  refreshed: '已刷新',
  logout: '退出登录',
  erase: '注销账号',
  eraseAsk: '账号和个人数据将被删除，无法恢复。',
  resumes: '查看简历',
  resumeTitle: '简历',
  years: '从业年限',
  skills: '技能',
  contact: '联系顾问',
  book: '预约服务',
  contacted: '顾问会尽快联系您',
  booked: '预约已提交',
  needsPhone: '绑定手机号后，顾问才能联系到您。',
  kept: '网络不通，已保存，稍后自动发送。',
  advisor: '您是这位顾问吗？',
  advisorHint: '客户有动作时，我们用微信通知您。每同意一次，发送一条。',
  subscribe: '接收通知',
  subscribed: '下一位客户有动作时会通知您',
  unsubscribed: '您没有同意接收通知',
  leadTitle: '客户线索',
  leadHint: '在管理后台查找这个编号。',
  copy: '复制编号',
  copied: '已复制',
  loginFirst: '请先登录',
  offline: '网络不通，请检查网络后重试。',
  busy: '服务繁忙，请稍后重试。',
  server: '服务出错，请稍后重试。',
  stale: '微信登录状态已更新，请再点一次。',
  denied: '您没有允许，可以再点一次。',
  privacy: '请先同意隐私保护指引。',
  wechat: '微信没有完成操作，请重试。',
  refused: '请求没有被接受。',
};

/** @typedef {typeof zh} Words */

/** @type {Words} */
const en = {
  loginTitle: 'Log in',
  loginHint: 'Picture and nickname are up to you',
  chooseAvatar: 'Choose a picture',
  nickname: 'Nickname',
  nicknameHint: 'Your nickname',
  login: 'Log in with WeChat',
  loginWithPhone: 'Log in and give my phone number',
  profileTitle: 'Me',
  noName: 'WeChat user',
  phone: 'Phone',
  noPhone: 'Not given',
  bindPhone: 'Give my phone number',
  phoneBound: 'Phone number saved',
  refresh: 'Refresh',
  refreshed: 'Up to date',
  logout: 'Log out',
  erase: 'Delete my account',
  eraseAsk: 'The account and your personal data will be deleted for good.',
  resumes: 'See the resume',
  resumeTitle: 'Resume',
  years: 'Years of experience',
  skills: 'Skills',
  contact: 'Contact the advisor',
  book: 'Book',
  contacted: 'The advisor will call you soon',
  booked: 'Your booking is in',
  needsPhone: 'The advisor can reach you once you have given your phone number.',
  kept: 'No connection: this is saved, and goes out by itself later.',
  advisor: 'Are you this advisor?',
  advisorHint: 'We tell you on WeChat when a customer does something: one message for each time you agree.',
  subscribe: 'Tell me',
  subscribed: 'You will be told of the next customer',
  unsubscribed: 'You have not agreed to messages',
  leadTitle: 'Lead',
  leadHint: 'Look this number up in the console.',
  copy: 'Copy the number',
  copied: 'Copied',
  loginFirst: 'Please log in',
  offline: 'No connection. Check your network and try again.',
  busy: 'The service is busy. Try again in a moment.',
  server: 'The service failed. Try again later.',
  stale: 'WeChat has renewed your login. Please tap once more.',
  denied: 'You did not allow it. You can tap again.',
  privacy: 'Please agree to the privacy notice first.',
  wechat: 'WeChat did not finish. Please try again.',
  refused: 'The request was not accepted.',
};

/** @type {Words} */
const ru = {
  loginTitle: 'Вход',
  loginHint: 'Фото и имя — по желанию',
  chooseAvatar: 'Выбрать фото',
  nickname: 'Имя',
  nicknameHint: 'Ваше имя',
  login: 'Войти через WeChat',
  loginWithPhone: 'Войти и указать телефон',
  profileTitle: 'Профиль',
  noName: 'Пользователь WeChat',
  phone: 'Телефон',
  noPhone: 'Не указан',
  bindPhone: 'Указать телефон',
  phoneBound: 'Телефон сохранён',
  refresh: 'Обновить',
  refreshed: 'Обновлено',
  logout: 'Выйти',
  erase: 'Удалить аккаунт',
  eraseAsk: 'Аккаунт и личные данные будут удалены безвозвратно.',
  resumes: 'Посмотреть резюме',
  resumeTitle: 'Резюме',
  years: 'Стаж, лет',
  skills: 'Навыки',
  contact: 'Связаться с консультантом',
  book: 'Записаться',
  contacted: 'Консультант скоро свяжется с вами',
  booked: 'Заявка отправлена',
  needsPhone: 'Консультант сможет позвонить вам, когда вы укажете телефон.',
  kept: 'Нет сети: запрос сохранён и будет отправлен позже.',
  advisor: 'Вы этот консультант?',
  advisorHint: 'Мы сообщим вам в WeChat о действии клиента: одно сообщение на каждое согласие.',
  subscribe: 'Сообщать мне',
  subscribed: 'Мы сообщим о следующем клиенте',
  unsubscribed: 'Вы не согласились на сообщения',
  leadTitle: 'Заявка',
  leadHint: 'Найдите этот номер в консоли.',
  copy: 'Скопировать номер',
  copied: 'Скопировано',
  loginFirst: 'Войдите, пожалуйста',
  offline: 'Нет сети. Проверьте соединение и попробуйте снова.',
  busy: 'Сервис занят. Попробуйте чуть позже.',
  server: 'Сбой сервиса. Попробуйте позже.',
  stale: 'WeChat обновил вход. Нажмите ещё раз.',
  denied: 'Вы не разрешили. Можно нажать ещё раз.',
  privacy: 'Сначала примите соглашение о приватности.',
  wechat: 'WeChat не завершил действие. Попробуйте снова.',
  refused: 'Запрос не принят.',
};

/** The language that an address named: it holds for the pages that are opened from there. */
let chosen = '';

/** @param {string} [wanted] as in `?lang=`; otherwise the one before, WeChat's own language, Chinese */
function words(wanted) {
  if (wanted) chosen = wanted;
  const { language } = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
  const of = (chosen || language || 'zh').toLowerCase();
  if (of.startsWith('en')) return en;
  return of.startsWith('ru') ? ru : zh;
}

/**
 * What to tell a person about a failure. Where the server says what was wrong with what they sent, its own words.
 * @param {unknown} failure
 * @param {Words} t
 */
function explain(failure, t) {
  if (!(failure instanceof Failure)) return t.wechat;
  if (failure.kind === 'refused') return failure.said || t.refused;
  if (failure.kind === 'login') return failure.said || t.loginFirst;
  return t[failure.kind];
}

module.exports = { words, explain, languages: { zh, en, ru } };
