// What the cloud functions use of WeChat's SDK, which is on WeChat's machines and not on this one.
export const DYNAMIC_CURRENT_ENV: symbol;
export function init(config: { env: symbol }): void;
export function getWXContext(): {
  OPENID?: string;
  UNIONID?: string;
  APPID?: string;
  CLIENTIP?: string;
  CLIENTIPV6?: string;
};
