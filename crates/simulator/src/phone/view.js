// Runs before everything else in a page that the phone shows: makes the browser look like WeChat's, and tells the phone
// where the page is. The server gets WeChat's user agent from the simulator; this is for scripts that ask the browser.
(function () {
  'use strict';
  var named = /^([^.]+)\.(.+)-(\d+)\.weir\.localhost$/.exec(location.hostname);
  if (!named) return;
  var host = named[2] === 'localhost' ? 'localhost' : named[2].replace(/-/g, '.');
  var origin = 'http://' + host + (named[3] === '80' ? '' : ':' + named[3]);
  var agent = navigator.userAgent + ' MicroMessenger/8.0.50 NetType/WIFI Language/' + navigator.language.replace('-', '_');
  Object.defineProperty(Navigator.prototype, 'userAgent', { configurable: true, get: function () { return agent; } });

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
  document.addEventListener('DOMContentLoaded', function () {
    new MutationObserver(tell).observe(document.head, { childList: true, subtree: true, characterData: true });
  });
})();
