//! The page at `/_sim/`: what is served, how it is steered, and what is knowingly left out.

use std::fmt::Write;

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};

use crate::{
    control::CONTROLS,
    routes::{ENDPOINTS, Wants},
};

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>WeChat simulator</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; vertical-align: top }
td code { white-space: nowrap }
</style></head><body>
<h1>WeChat simulator</h1>
<p>There is <a href=\"/\">a phone</a> to play somebody who uses WeChat. Point a WeChat client at this address instead of <code>https://api.weixin.qq.com</code>. The apps are listed at
<a href=\"/_sim/apps\">/_sim/apps</a>, the people at <a href=\"/_sim/users\">/_sim/users</a>, the calls so far at
<a href=\"/_sim/calls\">/_sim/calls</a>.</p>
";

const FAULTS: &str = "<h2>Faults</h2>
<p><code>path</code> is exact, or the beginning of a path followed by <code>*</code>. The oldest fault that matches strikes. Kinds:</p>
<table>
<tr><td><code>errcode</code></td><td><code>errcode</code>, <code>errmsg</code>?: an error of WeChat's, before the endpoint takes effect</td></tr>
<tr><td><code>http_status</code></td><td><code>status</code>: a proxy's error page, before the endpoint takes effect</td></tr>
<tr><td><code>quota</code></td><td><code>limit</code>: 45009 after so many calls in a day of Beijing, before the endpoint takes effect; until midnight or <code>clear_quota</code></td></tr>
<tr><td><code>invalidate_tokens</code></td><td>every token and ticket of the calling app ends, on <code>/sns</code> those of its people (42007); the
endpoint then sees them ended</td></tr>
<tr><td><code>delay</code></td><td><code>ms</code>: the answer comes later</td></tr>
<tr><td><code>timeout</code></td><td>no answer until the client goes away, or 60 s have passed</td></tr>
<tr><td><code>disconnect</code></td><td>the connection is cut without an answer</td></tr>
<tr><td><code>garbage</code></td><td><code>form</code>: <code>truncated</code>, <code>html</code>, <code>wrong_type</code>, <code>empty</code></td></tr>
</table>
<p>The last four strike <em>after</em> the endpoint took effect: the code is used up, the token made, and the answer is lost on the wire.
With <code>\"before\": true</code> they strike first: a delay then goes on to the endpoint, the others never reach it.
Waiting is on the simulator's clock.</p>
";

const LEFT_OUT: &str = "<h2>Not served yet</h2>
<p>Avatars (their addresses are WeChat's), <code>openapi/rid/get</code>, <code>openapi/quota/clear</code>, <code>callback/check</code>,
third-party platforms, the desktop client's quick login, other JS-SDK functions than sharing, menus,
<code>previewImage</code>, <code>scanQRCode</code> and <code>closeWindow</code>, which only the phone shows.</p>
<h2>Knowingly simplified</h2>
<ul>
<li>A session_key lives three days after its last code exchange and is replaced by <code>wx.login</code> after one hour (settings of the app):
WeChat publishes neither.</li>
<li>The authorize page opens in any browser, and asks for <code>snsapi_userinfo</code> however the page was reached: there is no silent
consent of followers. <code>&amp;_sim_user=NAME&amp;_sim_consent=allow|deny</code> answers at once. What WeChat has no code for is shown without one.
Pages are in WeChat's Chinese, on the phone in its language; <code>lang=en</code> of the QR page works.</li>
<li>The QR page's picture leads to <code>/connect/confirm</code> at the address under which the page was opened; a picture that is still
unanswered after 300 s is expired. <code>/connect/continue</code> is the simulator's own: the way back without script.</li>
<li>Only the last 65,536 tokens of people of each sort are remembered; older ones are answered 40001 and 40030.</li>
<li>A jsapi_ticket asked for again comes with the life that is left to it.</li>
<li>Pictures of QR codes are PNG. <code>expire_seconds</code> above 30 days counts as 30 days.</li>
<li>Everybody follows since 2023-11-14. A path without a daily limit has one of a thousand million in <code>quota/get</code>, and is not counted.</li>
<li>A message is there before it is answered, and <code>subscribe_msg_sent_event</code> or <code>TEMPLATESENDJOBFINISH</code> follows the answer at
once: on a busy machine it may overtake it. Up to 100,000 such pushes wait; what nobody takes in three tries is gone.</li>
<li>A long-term template needs one accept and counts none. A ban (43107) is of one person and ends with their next accept.</li>
<li>Any page will do unless the app has <code>pages</code>; no word is sensitive (45168) but its <code>blocked_words</code>. An unknown
<code>miniprogram_state</code> or <code>lang</code> is answered 40097. Values may be numbers.</li>
<li>43108 is answered while a <code>delay</code> or <code>timeout</code> fault holds up another send to the same person.</li>
<li>The library of public templates has three of WeChat's thousands. A <code>client_msg_id</code> that comes again is answered with the first one's msgid.</li>
<li>A push is tried again on silence and on any status but 200, at once, with a new timestamp and nonce; a bad reply is not.</li>
<li>The JS-SDK takes any browser for WeChat's. Ports are not looked at in domains.</li>
<li>A code that was offered by the wrong app, or by a person or app over quota, stays good.</li>
<li>Only the last 65,536 used codes are answered 40163; older ones are answered 40029.</li>
<li>The wording of 40243 is that of WeChat's documentation; no reply of the real one was at hand. An unknown path gets 40066 with HTTP 404.</li>
</ul>
</body></html>
";

pub fn page() -> Response<Body> {
    let mut page = String::from(HEAD);
    page.push_str("<h2>Served</h2><table>");
    for endpoint in ENDPOINTS {
        let method = match endpoint.wants {
            Wants::Get => "GET",
            Wants::Post => "POST",
            Wants::Both => "GET, POST",
        };
        row(&mut page, method, endpoint.path, "");
    }
    page.push_str("</table><h2>Control</h2>");
    page.push_str(
        "<p>Bodies are JSON, for example \
         <code>curl 127.0.0.1:7070/_sim/login-code --json '{\"appid\": \"mini\", \"user\": \"alice\"}'</code>. \
         <code>appid</code> takes an appid or a name, <code>user</code> an id or a name; <code>?</code> marks what may be left out.</p><table>",
    );
    for control in CONTROLS {
        row(&mut page, control.method, control.path, control.does);
    }
    row(
        &mut page,
        "GET",
        "/_phone/open",
        "?user=&url=&lang? → {view}: the address at which the phone, set to zh, en or ru, shows a page of this machine",
    );
    row(
        &mut page,
        "GET",
        "/_phone/tab",
        "?user=&url=&lang? → 302 to the page itself, for browsers that find no views: WeChat's pages then know whose phone it is",
    );
    page.push_str("</table>");
    page.push_str(FAULTS);
    page.push_str(LEFT_OUT);
    let mut response = Response::new(Body::from(page));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn row(page: &mut String, method: &str, path: &str, does: &str) {
    // Writing to a string cannot fail.
    let _ = write!(page, "<tr><td>{method}</td><td><code>{path}</code></td><td>{does}</td></tr>");
}
