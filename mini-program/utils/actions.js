const config = require('../config.js');
const { flush, post } = require('./outbox.js');
const { me } = require('./user.js');

const app = () => (config.app ? { appid: config.app } : {});

/**
 * Records what the customer did. Without a connection it is kept, and sent later.
 * @param {'view_resume' | 'contact_advisor' | 'book_service'} actionType
 * @param {{ advisorId: string, resumeId: string }} about
 */
async function record(actionType, { advisorId, resumeId }) {
  const { openid, nickname, phone } = me();
  const timestamp = Date.now();
  return post(openid, '/api/customer/action', {
    customerId: openid,
    advisorId,
    actionType,
    actionData: { resumeId, source: 'miniprogram', timestamp: new Date(timestamp).toISOString() },
    resumeId,
    timestamp,
    ...(nickname ? { customerName: nickname } : {}),
    ...(phone ? { customerPhone: phone } : {}),
    ...app(),
  });
}

/**
 * Saves what the advisor answered to WeChat's prompt.
 * @param {string} advisorId
 * @param {string} templateId
 * @param {string} answer
 */
async function saveSubscription(advisorId, templateId, answer) {
  const { openid } = me();
  return post(openid, '/api/advisor/subscribe', {
    advisorId,
    openid,
    templateId,
    subscribed: answer === 'accept',
    subscribeData: {
      source: 'miniprogram',
      timestamp: new Date().toISOString(),
      subscriptionStatus: answer,
    },
    ...app(),
  });
}

module.exports = { record, saveSubscription, flush };
