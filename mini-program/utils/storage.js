/**
 * What storage did not take, because it is full: kept for as long as the mini-program runs.
 * @type {Map<string, any>}
 */
const unsaved = new Map();

/** @param {string} key */
const read = (key) => (unsaved.has(key) ? unsaved.get(key) : wx.getStorageSync(key)) || null;

/**
 * @param {string} key
 * @param {unknown} value
 */
function write(key, value) {
  try {
    wx.setStorageSync(key, value);
    unsaved.delete(key);
  } catch {
    unsaved.set(key, value);
  }
}

/** @param {string} key */
function remove(key) {
  unsaved.delete(key);
  wx.removeStorageSync(key);
}

/**
 * Writes what must not be found in its older form after a restart, should storage be full.
 * @param {Record<string, unknown>} values
 */
function replace(values) {
  for (const key of Object.keys(values)) remove(key);
  for (const [key, value] of Object.entries(values)) write(key, value);
}

module.exports = { read, write, remove, replace };
