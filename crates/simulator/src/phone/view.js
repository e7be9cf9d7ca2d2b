// Runs before everything else in a page that the phone shows: makes the browser look like WeChat's, and tells the phone
// where the page is. The server gets WeChat's user agent from the simulator; this is for scripts that ask the browser.
(function () {
  'use strict';
  var named = /^([^.]+)\.(.+)-(\d+)\.weir\.localhost$/.exec(location.hostname);
  if (!named) return;
  var host = named[2] === 'localhost' ? 'localhost' : named[2].replace(/-/g, '.');
  var origin = 'http://' + host + (named[3] === '80' ? '' : ':' + named[3]);
  // The simulator writes the phone's language here.
  var language = '{language}' || navigator.language;
  var agent = navigator.userAgent + ' MicroMessenger/8.0.50 NetType/WIFI Language/' + language.replace('-', '_');
  var seen = { userAgent: agent, language: language, languages: Object.freeze([language]) };
  Object.keys(seen).forEach(function (name) {
    Object.defineProperty(Navigator.prototype, name, { configurable: true, get: function () { return seen[name]; } });
  });

  // For scripts of WeChat's, which know where a page really is.
  window.__weir_phone = {
    person: named[1],
    real: function (address) {
      return address.indexOf(location.origin) === 0 ? origin + address.slice(location.origin.length) : address;
    },
  };

  var told = '';
  function tell(replaced) {
    var message = {
      type: 'weir:view', url: window.__weir_phone.real(location.href), title: document.title, replaced: replaced === true,
    };
    var now = message.url + ' ' + message.title;
    if (now === told || window.parent === window) return;
    told = now;
    window.parent.postMessage(message, '*');
  }
  ['pageshow', 'popstate', 'hashchange', 'DOMContentLoaded', 'load'].forEach(function (event) {
    window.addEventListener(event, tell);
  });
  ['pushState', 'replaceState'].forEach(function (name) {
    var own = history[name];
    history[name] = function () {
      var result = own.apply(this, arguments);
      tell(name === 'replaceState');
      return result;
    };
  });
  // While the next page is waited for, the phone shows that it is.
  window.addEventListener('beforeunload', function () {
    if (window.parent !== window) window.parent.postMessage({ type: 'weir:leaving' }, '*');
  });
  document.addEventListener('DOMContentLoaded', function () {
    new MutationObserver(tell).observe(document.head, { childList: true, subtree: true, characterData: true });
  });
})();
