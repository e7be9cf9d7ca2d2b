// Stand-in for WeChat's jweixin-1.6.0.js: any browser is taken for WeChat's, and the simulator checks the signature
// of wx.config as WeChat does.
(function (window, document) {
  "use strict";
  var own = document.currentScript && document.currentScript.src;
  var origin = own ? new URL(own).origin : window.location.origin;

  var state = { settled: false, ok: false, allowed: [], domains: [], debug: false, error: null, gone: 0 };
  var readies = [], errors = [];
  // What the page has set, for tests: wx._sim.shared.updateAppMessageShareData
  var shared = {};

  var SHARES = ["updateAppMessageShareData", "updateTimelineShareData", "onMenuShareTimeline", "onMenuShareAppMessage",
    "onMenuShareQQ", "onMenuShareWeibo", "onMenuShareQZone"];
  var QUIET = ["hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems", "hideAllNonBaseMenuItem",
    "showAllNonBaseMenuItem", "openLocation"];

  function log() { if (state.debug) console.log.apply(console, ["wx"].concat([].slice.call(arguments))); }

  function settle(ok, answer, round) {
    if (round !== state.gone) return;
    state.settled = true;
    state.ok = ok;
    state.error = ok ? null : answer;
    log(answer.errMsg, answer.why || "");
    if (ok) readies.splice(0).forEach(function (ready) { ready(); });
    else errors.forEach(function (error) { error({ errMsg: answer.errMsg }); });
  }

  function address() { return real(window.location.href).split("#")[0]; }

  // The address that WeChat holds against the signature: on an iPhone the one by which the page was entered, however often
  // its script has changed it since; elsewhere the present one.
  function signed() {
    var entered = window.performance.getEntriesByType("navigation")[0];
    var onIphone = /iPhone|iPad|iPod/.test(navigator.userAgent) && entered;
    return onIphone ? real(entered.name).split("#")[0] : address();
  }

  // In the phone's web view a page has another address than where it really is.
  function real(link) { return window.__weir_phone ? window.__weir_phone.real(link) : link; }

  function config(options) {
    var round = ++state.gone;
    state.settled = state.ok = false;
    state.debug = !!options.debug;
    state.allowed = options.jsApiList || [];
    var query = new URLSearchParams({
      appid: options.appId || "", timestamp: String(options.timestamp || ""), nonceStr: options.nonceStr || "",
      signature: options.signature || "", url: signed()
    });
    fetch(origin + "/_sim/jsapi-check?" + query).then(function (response) { return response.json(); }).then(function (answer) {
      if (!answer.errMsg) answer = { errMsg: "config:fail,invalid signature", why: answer.error };
      state.domains = answer.jssdk_domains || [];
      settle(answer.errMsg === "config:ok", answer, round);
    }, function (failure) {
      settle(false, { errMsg: "config:fail", why: String(failure) }, round);
    });
  }

  function finish(name, options, result, extra) {
    var answer = Object.assign({ errMsg: name + ":" + result }, extra);
    log(answer.errMsg);
    // Never before the caller has returned, as over WeChat's bridge.
    Promise.resolve().then(function () {
      if (result === "ok" && options.success) options.success(answer);
      if (result !== "ok" && options.fail) options.fail(answer);
      if (options.complete) options.complete(answer);
    });
  }

  function call(name, options, run) {
    options = options || {};
    if (!state.ok || (name !== "checkJsApi" && state.allowed.indexOf(name) < 0)) {
      finish(name, options, "fail, the permission value is offline verifying");
    } else {
      run(options);
    }
  }

  function share(name) {
    return function (options) {
      call(name, options, function (options) {
        var link = real(options.link || address()), host = null;
        try { host = new URL(link, address()).hostname; } catch (_) { /* no address at all */ }
        if (state.domains.indexOf(host) < 0) return finish(name, options, "fail_link_must_be_js_safe_domain");
        shared[name] = { title: options.title, desc: options.desc, link: link, imgUrl: options.imgUrl };
        // The phone shows it in its menu.
        if (window.parent !== window) window.parent.postMessage({ type: "weir:share", share: shared[name] }, "*");
        finish(name, options, "ok");
      });
    };
  }

  // What the phone does for a page; in another browser nothing is to be seen of it.
  function tellPhone(message) {
    if (window.__weir_phone && window.parent !== window) window.parent.postMessage(message, "*");
  }
  function absolute(address) { if (!address) return ""; try { return new URL(address, window.location.href).href; } catch (_) { return ""; } }

  // Whoever waits for the phone's camera.
  var scans = {}, scanned = 0;
  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || !event.data || event.data.type !== "weir:scanned") return;
    var options = scans[event.data.id], content = event.data.content;
    delete scans[event.data.id];
    if (!options) return;
    if (content === null) {
      log("scanQRCode:cancel");
      if (options.cancel) options.cancel({ errMsg: "scanQRCode:cancel" });
      if (options.complete) options.complete({ errMsg: "scanQRCode:cancel" });
      return;
    }
    // Unless the page wants the result, the phone goes where it leads.
    finish("scanQRCode", options, "ok", options.needResult ? { resultStr: content } : {});
  });

  var wx = {
    config: config,
    ready: function (ready) { if (state.ok) ready(); else readies.push(ready); },
    error: function (error) {
      errors.push(error);
      if (state.settled && !state.ok) error({ errMsg: state.error.errMsg });
    },
    checkJsApi: function (options) {
      call("checkJsApi", Object.assign({}, options), function (options) {
        var result = {};
        (options.jsApiList || []).forEach(function (name) { result[name] = typeof wx[name] === "function"; });
        finish("checkJsApi", options, "ok", { checkResult: result });
      });
    },
    getNetworkType: function (options) {
      call("getNetworkType", options, function (options) { finish("getNetworkType", options, "ok", { networkType: "wifi" }); });
    },
    closeWindow: function (options) {
      call("closeWindow", options, function (options) {
        tellPhone({ type: "weir:close" });
        finish("closeWindow", options, "ok");
      });
    },
    previewImage: function (options) {
      call("previewImage", options, function (options) {
        tellPhone({ type: "weir:preview", current: absolute(options.current), urls: (options.urls || []).map(absolute) });
        finish("previewImage", options, "ok");
      });
    },
    scanQRCode: function (options) {
      call("scanQRCode", options, function (options) {
        if (!window.__weir_phone) return finish("scanQRCode", options, "fail, only the simulator's phone has a camera");
        scans[++scanned] = options;
        tellPhone({ type: "weir:scan", id: scanned, wanted: !!options.needResult });
      });
    },
    miniProgram: {
      getEnv: function (told) { told({ miniprogram: window.__wxjs_environment === "miniprogram" }); }
    },
    _sim: { shared: shared, state: state }
  };
  SHARES.forEach(function (name) { wx[name] = share(name); });
  QUIET.forEach(function (name) {
    wx[name] = function (options) { call(name, options, function (options) { finish(name, options, "ok"); }); };
  });
  ["navigateTo", "navigateBack", "switchTab", "reLaunch", "redirectTo", "postMessage"].forEach(function (name) {
    wx.miniProgram[name] = function (options) { finish(name, options || {}, "fail, not in a mini program"); };
  });

  window.wx = window.jWeixin = wx;
})(window, document);
