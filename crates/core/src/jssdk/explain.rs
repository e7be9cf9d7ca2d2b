//! Why a signature does not fit: what people do to addresses on their way here.

use url::Url;
use weir_wechat::jssdk::without_fragment;

use super::{
    Finding, Level,
    model::{is_allowed, page},
};
use crate::{AppSettings, Failure};

/// An address as it came, and what came with it.
pub struct Asked<'a> {
    /// `url`, decoded once.
    pub url: &'a str,
    /// Fields of the query that are none of ours.
    pub strays: Vec<&'a str>,
    /// The browser that asked.
    pub user_agent: &'a str,
}

type Words = (String, String);
type Check = (Level, &'static str, fn(&Scene<'_>) -> Option<Words>);

/// What a check looks at.
struct Scene<'a> {
    app: &'a AppSettings,
    asked: &'a Asked<'a>,
    page: Option<&'a Url>,
}

const CHECKS: &[Check] = &[
    (Level::Error, "not_a_page", not_a_page),
    (Level::Error, "encoded_twice", encoded_twice),
    (Level::Error, "not_encoded", not_encoded),
    (Level::Error, "host_not_allowed", host_not_allowed),
    (Level::Error, "port", port),
    (Level::Warning, "maybe_encoded_twice", maybe_encoded_twice),
    (Level::Warning, "code_left_in", code_left_in),
    (Level::Warning, "not_as_the_browser_has_it", not_as_the_browser_has_it),
    (Level::Hint, "fragment", fragment),
    (Level::Hint, "ios_first_address", ios_first_address),
];

/// Everything worth telling, the worst first.
pub(super) fn findings(app: &AppSettings, asked: &Asked<'_>, page: Option<&Url>) -> Vec<Finding> {
    let scene = Scene { app, asked, page };
    let told = CHECKS.iter().filter_map(|(level, code, check)| {
        let (english, chinese) = check(&scene)?;
        Some(Finding { level: *level, code, english, chinese })
    });
    told.collect()
}

/// There is no ticket to sign with.
pub(super) fn no_ticket(failure: &Failure) -> Finding {
    let why = match (&failure.wechat, &failure.detail) {
        (Some(wechat), _) => format!("{} (errcode {})", wechat.reason, wechat.errcode),
        (None, Some(detail)) => detail.to_string(),
        (None, None) => failure.code.as_str().replace('_', " "),
    };
    Finding {
        level: Level::Error,
        code: "no_ticket",
        english: format!("there is no jsapi_ticket to sign with: {why}. `weir doctor` says more"),
        chinese: format!("无法取得 jsapi_ticket: {why}。请运行 weir doctor 查看原因"),
    }
}

fn words(english: impl Into<String>, chinese: impl Into<String>) -> Option<Words> {
    Some((english.into(), chinese.into()))
}

fn is_encoded_whole(url: &str) -> bool {
    let start: String = url.chars().take(12).collect::<String>().to_ascii_lowercase();
    start.starts_with("http%3a") || start.starts_with("https%3a")
}

fn not_a_page(scene: &Scene<'_>) -> Option<Words> {
    let failure = page(scene.asked.url).err()?;
    if is_encoded_whole(scene.asked.url) {
        return None;
    }
    let detail = failure.detail.unwrap_or_default();
    words(
        format!("url {detail}; pages begin with http:// or https://"),
        "url 不是网页地址: 应为 http:// 或 https:// 开头的完整地址 (location.href)",
    )
}

fn encoded_twice(scene: &Scene<'_>) -> Option<Words> {
    is_encoded_whole(scene.asked.url).then_some(())?;
    words(
        "the address is still encoded after it was decoded once: use encodeURIComponent once, not twice (some HTTP \
         libraries do it by themselves)",
        "url 被编码了两次: encodeURIComponent 只用一次 (有的请求库会自动编码)",
    )
}

fn not_encoded(scene: &Scene<'_>) -> Option<Words> {
    let strays = &scene.asked.strays;
    (!strays.is_empty()).then_some(())?;
    let strays = strays.join(", ");
    words(
        format!(
            "the address was not encoded: its own fields ({strays}) came as fields of this request and were lost; send \
             url=encodeURIComponent(location.href.split('#')[0])"
        ),
        format!(
            "url 未编码: 页面自己的参数 ({strays}) 被当成了本接口的参数而丢失; 请用 \
             encodeURIComponent(location.href.split('#')[0])"
        ),
    )
}

fn host_not_allowed(scene: &Scene<'_>) -> Option<Words> {
    let page = scene.page.filter(|page| !is_allowed(scene.app, page))?;
    let host = page.host_str().unwrap_or_default();
    words(
        format!(
            "{host} is none of the app's JS-SDK domains, so it is not signed: add it to JS接口安全域名 in WeChat's console \
             and to jssdk_domains of the app {:?} here (bare hosts, subdomains one by one)",
            scene.app.name
        ),
        format!(
            "{host} 不在该应用的 JS接口安全域名中，不予签名: 请在微信后台添加该域名，并写入应用 {:?} 的 jssdk_domains \
             (只写域名，子域名需逐个填写)",
            scene.app.name
        ),
    )
}

fn port(scene: &Scene<'_>) -> Option<Words> {
    let port = scene.page?.port()?;
    words(
        format!("WeChat takes pages at the ports 80 and 443 only, not at {port} (a simulator takes any)"),
        format!("微信只接受 80 和 443 端口的页面，不接受 {port} (模拟器除外)"),
    )
}

fn maybe_encoded_twice(scene: &Scene<'_>) -> Option<Words> {
    let url = scene.asked.url;
    let escaped = url.match_indices("%25").any(|(at, _)| {
        url.as_bytes().get(at + 3..at + 5).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    (escaped && !is_encoded_whole(url)).then_some(())?;
    words(
        "the address holds %25 followed by two digits: parts of it may have been encoded twice; compare it with \
         location.href letter by letter",
        "地址中有 %25XX: 其中一部分可能被编码了两次，请与 location.href 逐字对比",
    )
}

fn code_left_in(scene: &Scene<'_>) -> Option<Words> {
    let has = |name: &str| scene.page.is_some_and(|page| page.query_pairs().any(|(field, _)| field == name));
    (has("code") && has("state")).then_some(())?;
    words(
        "WeChat's code and state are still in the address: when the page removes them (history.replaceState), sign the \
         new address; and a code should not be shared or kept in the history",
        "地址中仍带有微信授权的 code 与 state: 若页面用 history.replaceState 去掉了它们，请对新地址重新签名; code \
         也不应被分享或留在历史记录中",
    )
}

fn not_as_the_browser_has_it(scene: &Scene<'_>) -> Option<Words> {
    let mut page = scene.page?.clone();
    page.set_fragment(None);
    let signed = without_fragment(scene.asked.url);
    (page.as_str() != signed).then_some(())?;
    words(
        format!(
            "a browser shows this address as {page}: sign location.href as it is, do not put it together yourself"
        ),
        format!("浏览器中的地址会是 {page}: 请直接使用 location.href，不要自己拼接"),
    )
}

fn fragment(scene: &Scene<'_>) -> Option<Words> {
    scene.asked.url.contains('#').then_some(())?;
    words("what follows the # is not signed and was left out", "# 之后的部分不参与签名，已去除")
}

fn ios_first_address(scene: &Scene<'_>) -> Option<Words> {
    let agent = scene.asked.user_agent;
    (agent.contains("iPhone") || agent.contains("iPad")).then_some(())?;
    words(
        "on iOS WeChat checks the address that the page was first opened at: a single-page app must keep that one and \
         sign it, not the address of the present route",
        "iOS 微信校验的是页面首次打开时的地址: 单页应用需记住首个地址并用它签名，而不是当前路由的地址",
    )
}
