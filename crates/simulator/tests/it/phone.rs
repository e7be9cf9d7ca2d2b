//! Pages in the phone's web views: what the page's server gets, what the page gets, and what is not let through.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Response, header},
    routing::any,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::lab::{Lab, MINI, OFFICIAL, Reply, WEBSITE, oauth_target};

/// A site that remembers what it was asked.
#[derive(Clone, Default)]
pub struct Site(Arc<Mutex<Vec<(String, HeaderMap, String)>>>);

impl Site {
    pub async fn start() -> (Self, SocketAddr) {
        let site = Self::default();
        let router = Router::new().fallback(any(answer)).with_state(site.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (site, address)
    }

    pub fn last(&self) -> (String, HeaderMap, String) {
        self.0.lock().unwrap().last().cloned().expect("a request")
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let host = parts.headers[header::HOST].to_str().unwrap().to_owned();
    let path = parts.uri.path().to_owned();
    let body = String::from_utf8_lossy(&body).into_owned();
    site.0.lock().unwrap().push((parts.uri.to_string(), parts.headers, body));
    let response = Response::builder();
    match path.as_str() {
        "/page" => response
            .header("content-type", "text/html; charset=utf-8")
            .header("x-frame-options", "DENY")
            .header("etag", "\"of what the server sent\"")
            .header("content-security-policy", "default-src 'self'; frame-ancestors 'none'")
            .header("set-cookie", "seat=7; Path=/; HttpOnly; SameSite=Lax")
            .header("set-cookie", "csrf=a1; Path=/; Domain=127.0.0.1; SameSite=Lax")
            .body(Body::from(format!(
                "<!doctype html><html><head lang=x><title>t</title></head><a href=\"http://{host}/next\">"
            ))),
        "/json" => response.header("content-type", "application/json").body(Body::from(
            json!({"url": format!("http://{host}/x?redirect_uri=http%3A%2F%2F127.0.0.1%3A1")}).to_string(),
        )),
        "/style" => response
            .header("content-type", "text/css")
            .body(Body::from(format!("a {{ background: url(http://{host}/a.png) }}"))),
        "/bytes" => {
            response.header("content-type", "image/png").body(Body::from(format!("\u{0}http://{host}\u{ff}")))
        }
        "/bare" => response
            .header("content-type", "text/html")
            .body(Body::from("<!doctype html><title>x</title><header>x</header>")),
        "/hostile/empty" => response.status(204).header("content-type", "text/html").body(Body::empty()),
        "/hostile/part" => response
            .status(206)
            .header("content-type", "text/html")
            .header("content-range", "bytes 0-5/100")
            .body(Body::from("<html>")),
        "/hostile/policies" => response
            .header("content-type", "text/html")
            .header("content-security-policy", "default-src 'self', Frame-Ancestors 'none'; img-src *")
            .body(Body::from("<html>")),
        "/hostile/hops" => response
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("x-kept", "1")
            .body(Body::empty()),
        "/hostile/huge" => response
            .header("content-type", "text/javascript")
            .body(Body::from(format!("//{}//end http://{host}", "x".repeat(9 << 20)))),
        "/hostile/endless" => {
            let head = futures_util::stream::iter([Ok::<_, std::io::Error>("<html>")]);
            let endless = futures_util::StreamExt::chain(head, futures_util::stream::pending());
            response.header("content-type", "text/html").body(Body::from_stream(endless))
        }
        "/hostile/silent" => std::future::pending().await,
        "/away" => response.status(302).header("location", format!("http://{host}/page")).body(Body::empty()),
        _ => response.body(Body::empty()),
    }
    .unwrap()
}

/// A request to a view, as a browser on this machine makes it.
pub async fn ask(lab: &Lab, host: &str, method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    Reply::read(&bytes).expect("an answer")
}

pub fn view(lab: &Lab, person: &str, target: SocketAddr) -> String {
    format!("{person}.127-0-0-1-{}.weir.localhost:{}", target.port(), lab.address.port())
}

#[tokio::test]
async fn the_server_meets_wechats_browser_and_the_page_stays_in_its_view() {
    let (lab, (site, address)) = (Lab::start().await, Site::start().await);
    let host = view(&lab, "u1", address);
    let sent = format!(
        "Origin: http://{host}\r\nReferer: http://{host}/page\r\nSec-Fetch-Site: same-origin\r\nAccept-Encoding: gzip\r\nIf-None-Match: *\r\nContent-Type: application/json\r\n"
    );
    let body = format!("{{\"redirect\":\"http://{host}/page\"}}");
    let page =
        ask(&lab, &host, "POST", &format!("/page?r=http%3A%2F%2F{}", host.replace(':', "%3A")), &sent, &body)
            .await;
    assert_eq!(page.status, 200);
    let (target, headers, body) = site.last();
    assert_eq!(target, format!("/page?r=http%3A%2F%2F127.0.0.1%3A{}", address.port()));
    assert_eq!(body, format!("{{\"redirect\":\"http://{address}/page\"}}"));
    assert_eq!(headers["host"], address.to_string());
    assert_eq!(headers["origin"], format!("http://{address}"));
    assert_eq!(headers["referer"], format!("http://{address}/page"));
    assert!(headers["user-agent"].to_str().unwrap().contains("MicroMessenger/"));
    for ours in ["sec-fetch-site", "accept-encoding", "if-none-match"] {
        assert!(!headers.contains_key(ours), "{ours}");
    }

    assert!(
        page.body.contains("<head lang=x><script src=\"/_phone/view.js\"></script><title>"),
        "{}",
        page.body
    );
    assert!(page.body.contains(&format!("href=\"http://{host}/next\"")), "{}", page.body);
    assert!(page.header("x-frame-options").is_none() && page.header("etag").is_none());
    // Scripts of the page read what they may read, and the frame keeps nothing else.
    assert_eq!(page.header("set-cookie"), Some("csrf=a1; Path=/"));
    assert_eq!(page.head.to_ascii_lowercase().matches("set-cookie").count(), 1, "{}", page.head);
    assert!(page.head.contains("default-src 'self'") && !page.head.contains("'none'"), "{}", page.head);
    assert!(
        page.head.contains("frame-ancestors http://127.0.0.1:* http://localhost:*"),
        "only pages of this machine"
    );

    let away = ask(&lab, &host, "GET", "/away", "", "").await;
    assert_eq!((away.status, away.header("location")), (302, Some(format!("http://{host}/page").as_str())));
    let json = ask(&lab, &host, "GET", "/json", "", "").await.json();
    assert_eq!(json["url"], format!("http://{host}/x?redirect_uri=http%3A%2F%2F127.0.0.1%3A1"));
    let style = ask(&lab, &host, "GET", "/style", "", "").await.body;
    assert_eq!(style, format!("a {{ background: url(http://{host}/a.png) }}"));
    let bytes = ask(&lab, &host, "GET", "/bytes", "", "").await;
    assert!(bytes.body.contains(&address.to_string()), "what is no text is left alone");
    let upload = format!("http://{host}/picture");
    ask(&lab, &host, "POST", "/bytes", "Content-Type: application/octet-stream\r\n", &upload).await;
    assert_eq!(site.last().2, upload, "on its way there too");
    assert!(ask(&lab, &host, "GET", "/_phone/view.js", "", "").await.body.contains("MicroMessenger"));

    // What a page's script asks for is no page, and a page without a head has the script after its doctype.
    let part = ask(&lab, &host, "GET", "/page", "Sec-Fetch-Dest: empty\r\n", "").await;
    assert!(part.status == 200 && !part.body.contains("view.js"), "{}", part.body);
    let bare = ask(&lab, &host, "GET", "/bare", "", "").await;
    let script = "<script src=\"/_phone/view.js\"></script>";
    assert_eq!(bare.body, format!("<!doctype html>{script}<title>x</title><header>x</header>"));
}

#[tokio::test]
async fn everybodys_cookies_are_their_own_and_a_reset_takes_them() {
    let (lab, (site, address)) = (Lab::start().await, Site::start().await);
    let cookie = |site: &Site| {
        let sent = site.last().1.get("cookie")?.to_str().unwrap().to_owned();
        let mut cookies: Vec<_> = sent.split("; ").map(str::to_owned).collect();
        cookies.sort();
        Some(cookies.join("; "))
    };
    let (alice, bob) = (view(&lab, "u1", address), view(&lab, "u2", address));
    ask(&lab, &alice, "GET", "/page", "Cookie: forged=1\r\n", "").await;
    assert_eq!(cookie(&site), None, "a frame's own cookies are not the phone's");
    ask(&lab, &alice, "GET", "/again", "", "").await;
    assert_eq!(cookie(&site).as_deref(), Some("csrf=a1; seat=7"));
    ask(&lab, &bob, "GET", "/again", "", "").await;
    assert_eq!(cookie(&site), None);
    lab.post("/_sim/reset", &json!({})).await;
    ask(&lab, &alice, "GET", "/again", "", "").await;
    assert_eq!(cookie(&site), None);
}

#[tokio::test]
async fn only_what_apps_have_named_is_opened_and_only_for_the_phones_pages() {
    let (lab, (site, address)) = (Lab::start().await, Site::start().await);
    let host = view(&lab, "u1", address);
    for origin in
        ["https://evil.example.com", "http://127.0.0.1:1", "null", "http://evil.weir.localhost.example.com"]
    {
        let refused = ask(&lab, &host, "POST", "/page", &format!("Origin: {origin}\r\n"), "").await;
        assert_eq!(refused.status, 403, "{origin}");
    }
    // Nor is one person's page another's, and names of the phone's site that are no views are no pages of it.
    for origin in [view(&lab, "u2", address), format!("phone.weir.localhost:{}", lab.address.port())] {
        let headers = format!("Origin: http://{origin}\r\nSec-Fetch-Site: same-site\r\n");
        assert_eq!(ask(&lab, &host, "POST", "/page", &headers, "").await.status, 403, "{origin}");
    }
    let own = format!("Origin: http://{}\r\nSec-Fetch-Site: same-site\r\n", view(&lab, "u1", lab.address));
    assert_eq!(ask(&lab, &host, "POST", "/page", &own, "").await.status, 200, "a sheet of WeChat's");
    // A form of a page that hides where it is.
    let hidden = "Origin: null\r\nSec-Fetch-Site: same-origin\r\n";
    assert_eq!(ask(&lab, &host, "POST", "/page", hidden, "").await.status, 200);
    let website = "Origin: null\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(ask(&lab, &host, "POST", "/page", website, "").await.status, 403);
    let picture = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n";
    assert_eq!(ask(&lab, &host, "GET", "/page", picture, "").await.status, 403);
    let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
    assert_eq!(ask(&lab, &host, "GET", "/page", link, "").await.status, 200);
    // Nor may a website change what is simulated.
    let website = "Origin: https://evil.example.com\r\n";
    let local = lab.address.to_string();
    assert_eq!(ask(&lab, &local, "POST", "/_sim/reset", website, "").await.status, 403);
    let asked = site.count();
    assert_eq!(ask(&lab, &view(&lab, "u99", address), "GET", "/page", "", "").await.status, 404);
    for app in [MINI, OFFICIAL, WEBSITE] {
        lab.change_app(
            &json!({"appid": app, "callback_domains": ["example.com"], "jssdk_domains": ["localhost"]}),
        );
    }
    assert_eq!(ask(&lab, &host, "GET", "/page", "", "").await.status, 403, "no app has named 127.0.0.1");
    assert_eq!(site.count(), asked);
    // Whoever makes up the host makes no other server WeChat's.
    let forged = format!("u1.127-0-0-1-{port}.weir.localhost:{port}", port = address.port());
    assert_eq!(ask(&lab, &forged, "GET", "/page", "", "").await.status, 403);
    // WeChat's own pages are always there.
    let consent = ask(&lab, &view(&lab, "u1", lab.address), "GET", "/_sim/health", "", "").await;
    assert_eq!(consent.status, 200);
    let named = format!("u1.localhost-{}.weir.localhost:{}", address.port(), lab.address.port());
    assert_eq!(ask(&lab, &named, "GET", "/page", "", "").await.status, 200);
    lab.change_app(&json!({"appid": OFFICIAL, "callback_domains": ["127.0.0.1"], "jssdk_domains": []}));
    assert_eq!(
        ask(&lab, &host, "GET", "/page", "", "").await.status,
        200,
        "named where WeChat sends back to"
    );
}

#[tokio::test]
async fn wechat_knows_whose_phone_its_pages_are_in() {
    let lab = Lab::start().await;
    let link = format!(
        "/connect/oauth2/authorize?appid={OFFICIAL}&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fback&response_type=code&scope=snsapi_base&state=x"
    );
    for (id, name) in [("u2", "bob"), ("u3", "carol")] {
        let answer =
            ask(&lab, &view(&lab, id, lab.address), "GET", &link, "Cookie: _sim_user=u1\r\n", "").await;
        let location = answer.header("location").expect("snsapi_base goes back at once");
        let code = location.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code");
        let told = lab.get(&oauth_target("official", code)).await.json();
        assert_eq!(told["openid"], lab.simulator.openid("official", name).unwrap(), "{name}");
    }
}

#[tokio::test]
async fn a_page_that_does_not_answer_says_so() {
    let lab = Lab::start().await;
    let (gone, huge) = (SocketAddr::from(([127, 0, 0, 1], 1)), "x".repeat((8 << 20) + 1));
    let answer = ask(&lab, &view(&lab, "u1", gone), "GET", "/", "", "").await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("http://127.0.0.1:1 "), "{}", answer.body);
    // And tells the phone, which has more languages.
    assert!(
        answer.body.contains("{type: 'weir:view-failed', status: 502, url: \"http://127.0.0.1:1/\"}"),
        "{}",
        answer.body
    );
    assert_eq!(ask(&lab, &view(&lab, "u1", gone), "POST", "/", "", &huge).await.status, 413);
}

#[tokio::test]
async fn the_phone_asks_where_a_page_opens() {
    let lab = Lab::start().await;
    let open = async |query: &str| lab.get(&format!("/_phone/open?{query}")).await;
    let answer = open("user=alice&url=http%3A%2F%2F127.0.0.1%3A8080%2Fs%2Fabc%3Fx%3D1%23y").await;
    // The host of the lab's requests has no port.
    assert_eq!(answer.json()["view"], "http://u1.127-0-0-1-8080.weir.localhost:80/s/abc?x=1#y");
    for (query, status) in [
        ("user=alice", 400),
        ("user=alice&url=nothing", 400),
        ("user=mallory&url=http%3A%2F%2F127.0.0.1%2F", 400),
        ("user=alice&url=https%3A%2F%2Fexample.com%2F", 403),
        ("user=alice&url=http%3A%2F%2F127.0.0.2%2F", 403),
        ("user=alice&url=javascript%3Aalert(1)", 403),
    ] {
        let answer = open(query).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.json()["error"].is_string());
    }
    let page = lab.get("/").await;
    assert!(page.status == 200 && page.body.to_lowercase().starts_with("<!doctype html>"));
    assert_eq!(lab.get("/_phone/nothing.js").await.status, 404);
}

#[tokio::test]
async fn what_a_page_says_of_its_connection_and_of_parts_stays_in_order() {
    let (lab, (site, address)) = (Lab::start().await, Site::start().await);
    let host = view(&lab, "u1", address);
    let get = async |path: &str, headers: &str| ask(&lab, &host, "GET", path, headers, "").await;
    // What has no body gets none, and a part of a page is the part that was asked for.
    let empty = get("/hostile/empty", "").await;
    assert_eq!((empty.status, empty.header("content-length")), (204, None));
    let part = get("/hostile/part", "Range: bytes=0-5\r\n").await;
    assert!(
        part.status == 206 && part.body.contains("<html>") && !part.body.contains("script"),
        "{}",
        part.body
    );
    let policies = get("/hostile/policies", "").await.head.to_ascii_lowercase();
    assert!(!policies.contains("frame-ancestors 'none'"), "{policies}");
    assert!(policies.contains("default-src 'self'") && policies.contains("img-src *"), "{policies}");
    let hops =
        get("/hostile/hops", "Connection: X-Drop, close\r\nX-Drop: 1\r\nTE: trailers\r\nX-Keep: 1\r\n").await;
    let kept = |name: &str| hops.header(name).is_some();
    assert!(kept("x-kept") && !kept("x-hop") && !kept("keep-alive"), "{}", hops.head);
    let (_, sent, _) = site.last();
    assert!(sent.contains_key("x-keep") && !sent.contains_key("x-drop") && !sent.contains_key("te"));
    for method in ["TRACE", "CONNECT"] {
        assert_eq!(ask(&lab, &host, method, "/page", "", "").await.status, 405, "{method}");
    }
    assert_eq!(ask(&lab, &host, "OPTIONS", "*", "", "").await.status, 400);
}

#[tokio::test]
async fn a_text_that_is_too_long_to_be_read_comes_as_it_is() {
    let (lab, (_, address)) = (Lab::start().await, Site::start().await);
    let huge = ask(&lab, &view(&lab, "u1", address), "GET", "/hostile/huge", "", "").await;
    assert_eq!(huge.status, 200);
    // Sent in chunks, whose sizes stand between.
    assert_eq!(huge.body.matches('x').count(), 9 << 20, "the whole of it");
    assert!(!huge.body.contains("weir.localhost"), "nothing is rewritten");
}

#[tokio::test]
async fn a_page_that_never_comes_or_never_ends_is_given_up() {
    let (lab, (_, address)) = (Lab::start().await, Site::start().await);
    for path in ["/hostile/silent", "/hostile/endless"] {
        let (host, asking) = (view(&lab, "u1", address), lab.clone());
        let asked = tokio::spawn(async move { ask(&asking, &host, "GET", path, "", "").await });
        lab.clock.wait_for_sleepers(1).await;
        lab.advance(60);
        let answer = asked.await.unwrap();
        assert_eq!(answer.status, 504, "{path}: {}", answer.body);
        assert!(answer.body.contains("status: 504"), "{}", answer.body);
    }
}

#[tokio::test]
async fn the_phone_says_what_may_be_in_it() {
    let lab = Lab::start().await;
    let page = lab.get("/").await;
    let policy = page.header("content-security-policy").expect("a policy");
    for part in [
        "default-src 'self'",
        "frame-src http://*.weir.localhost:*",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors http://127.0.0.1:*",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(lab.get("/_phone/%ff").await.status, 404);
    let twice = lab.get("/_phone/open?user=alice&user=bob&url=x").await;
    assert!(twice.status == 400 && twice.json()["error"].is_string(), "{}", twice.body);
}
