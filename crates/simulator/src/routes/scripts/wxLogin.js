// Stand-in for WeChat's wxLogin.js: puts the simulator's QR page into a frame.
(function (window, document) {
  "use strict";
  var own = document.currentScript && document.currentScript.src;
  var origin = own ? new URL(own).origin : window.location.origin;

  function WxLogin(options) {
    var self = options.self_redirect === true ? "true" : options.self_redirect === false ? "false" : "default";
    // As in WeChat's own script nothing is encoded here: redirect_uri is to be given encoded.
    var address = origin + "/connect/qrconnect?appid=" + options.appid + "&scope=" + options.scope +
      "&redirect_uri=" + options.redirect_uri + "&state=" + (options.state || "") +
      "&login_type=jssdk&self_redirect=" + self;
    ["style", "href", "stylelite", "fast_login"].forEach(function (name) {
      if (options[name] !== undefined) address += "&" + name + "=" + encodeURIComponent(options[name]);
    });
    if (options.lang === "en") address += "&lang=en";
    var frame = document.createElement("iframe");
    frame.src = address;
    frame.width = "300px";
    frame.height = "400px";
    frame.setAttribute("frameborder", "0");
    frame.setAttribute("scrolling", "no");
    frame.setAttribute("allowtransparency", "true");
    // Browsers let a foreign frame lead the whole page away only with this.
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-top-navigation");
    frame.onload = function () { if (options.onReady) options.onReady(true); };
    var place = document.getElementById(options.id);
    place.innerHTML = "";
    place.appendChild(frame);
  }

  window.WxLogin = WxLogin;
})(window, document);
