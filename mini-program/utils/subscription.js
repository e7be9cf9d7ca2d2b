const config = require('../config.js');
const actions = require('./actions.js');
const { Failure, ofWechat } = require('./errors.js');
const { simulator, subscribe } = require('./simulator.js');

/** The person has switched all subscription messages of this mini-program off. */
const SWITCHED_OFF = 20004;

/**
 * WeChat's prompt: in a tap only.
 * @returns {Promise<Record<string, string>>} the answer for each template
 */
function prompt() {
  return new Promise((resolve, reject) => {
    wx.requestSubscribeMessage({
      tmplIds: config.templateIds,
      success: (answers) => resolve(/** @type {any} */ (answers)),
      fail: (failure) => {
        const code = /** @type {{ errCode?: number } | undefined} */ (failure)?.errCode;
        if (code === SWITCHED_OFF) reject(new Failure('denied', failure.errMsg));
        else reject(ofWechat(failure, 'wechat'));
      },
    });
  });
}

/**
 * WeChat's tools ask nobody under an appid that is not registered, so there the simulator's person says yes.
 * @returns {Promise<Record<string, string>>}
 */
async function simulated() {
  for (const template of config.templateIds) await subscribe(template, 'accept');
  return Object.fromEntries(config.templateIds.map((template) => [template, 'accept']));
}

/**
 * Asks the advisor whether they want messages, and saves the answers: each yes to a one-time template is one message.
 * @param {string} advisorId
 * @returns {Promise<{ accepted: number, sent: boolean }>}
 */
async function askForMessages(advisorId) {
  const answers = await (simulator() ? simulated() : prompt());
  const given = config.templateIds.map((template) => {
    const answer = answers[template] || 'filter';
    // acceptWithAudio and its like are a yes as well.
    return { template, answer: answer.startsWith('accept') ? 'accept' : answer };
  });
  // All are kept before the first is sent: one that is refused, or a mini-program that is closed, takes no other along.
  const outcomes = await Promise.all(
    given.map(({ template, answer }) => actions.saveSubscription(advisorId, template, answer)),
  );
  return {
    accepted: given.filter(({ answer }) => answer === 'accept').length,
    sent: outcomes.every(({ sent }) => sent),
  };
}

module.exports = { askForMessages };
