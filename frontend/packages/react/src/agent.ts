/** Where the page runs, by what the browser says of itself. */
const agent = () => (typeof navigator === 'undefined' ? '' : navigator.userAgent);

/** WeChat's own browser: it cannot scan its own screen, but it can be sent to WeChat's page. */
export const inWeChat = (): boolean => /MicroMessenger/i.test(agent());

/** WeChat on an iPhone, not the developer tools that play one. */
export const inIosWeChat = (): boolean =>
  inWeChat() && /iPhone|iPad|iPod/.test(agent()) && !/wechatdevtools/i.test(agent());

export const onPhone = (): boolean => /Android|iPhone|iPad|iPod|Mobile/i.test(agent());
