const cloud = require('wx-server-sdk');
const { addressOf, answerOf, areSendable, refuse } = require('./server.js');

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });

/**
 * Logs in whoever calls. WeChat says who that is: what the caller says of it is not looked at.
 * @param {{ nickname?: string, avatar?: string }} given
 */
exports.main = async ({ nickname, avatar }) => {
  const { WEIR_BASE_URL: base, WEIR_API_KEY: key } = process.env;
  if (!base || !key) return refuse(503, 'WEIR_BASE_URL or WEIR_API_KEY is not set for this cloud function');
  const { OPENID, UNIONID, APPID, CLIENTIP, CLIENTIPV6 } = cloud.getWXContext();
  if (!OPENID) return refuse(401, 'only a mini-program may call this');
  const url = addressOf(base, '/api/v1/auth/cloud-login');
  if (!url) return refuse(503, 'WEIR_BASE_URL of this cloud function is no address');
  const authorization = `Bearer ${key.trim()}`;
  if (!areSendable({ authorization })) return refuse(503, 'WEIR_API_KEY of this cloud function is no key');
  const body = JSON.stringify({
    openid: OPENID,
    unionid: UNIONID || undefined,
    appid: APPID,
    nickname,
    avatar,
  });
  const client = CLIENTIP || CLIENTIPV6;
  const answer = await answerOf(url, {
    method: 'POST',
    headers: {
      authorization,
      // Weir counts tries by address, and believes this where the function's own address is a trusted proxy.
      ...(client && { 'x-forwarded-for': client }),
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(body)}`,
    },
    body,
  });
  if (![401, 403].includes(answer.statusCode)) return answer;
  // Nothing that the person could mend by logging in.
  console.error('cloud-login:', answer.data);
  return refuse(502, 'Weir does not accept the WEIR_API_KEY of this cloud function');
};
