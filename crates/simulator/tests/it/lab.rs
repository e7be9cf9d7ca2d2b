//! A simulator on a port of its own with a clock that stands, and the smallest HTTP client that can talk to it.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use weir_base::{Clock, Dice, Timestamp};
use weir_simulator::{Simulator, World};

/// 2027-01-15, 16:00 in Beijing.
pub const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub const MINI: &str = "wx1000000000000001";
pub const SECRET: &str = "demo-secret-mini";
pub const OFFICIAL: &str = "wx2000000000000002";
pub const WEBSITE: &str = "wx3000000000000003";

#[derive(Clone)]
pub struct Lab {
    pub simulator: Simulator,
    pub clock: Clock,
    pub address: SocketAddr,
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Lab {
    pub async fn start() -> Self {
        Self::of(Simulator::new(World::demo(), Clock::standing_at(START), Dice::seeded(7))).await
    }

    pub async fn of(simulator: Simulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let served = simulator.clone();
        tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
        Self { clock: simulator.clock().clone(), simulator, address }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, "").await.expect("an answer")
    }

    pub async fn post(&self, target: &str, body: &Value) -> Reply {
        self.ask("POST", target, &body.to_string()).await.expect("an answer")
    }

    /// A form as browsers post it.
    pub async fn submit(&self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask("POST", target, &body).await.expect("an answer")
    }

    /// A page opened by a browser that has this cookie.
    pub async fn get_with_cookie(&self, target: &str, cookie: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: open.weixin.qq.com\r\nConnection: close\r\nCookie: other=1; {cookie}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("a request sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer read");
        Reply::read(&bytes).expect("an answer")
    }

    /// `None` when the connection was closed with nothing written to it.
    pub async fn ask(&self, method: &str, target: &str, body: &str) -> Option<Reply> {
        let mut stream = self.send(method, target, body).await;
        let mut bytes = Vec::new();
        // A connection that is cut may be reset: what counts is whether anything came.
        let _ = stream.read_to_end(&mut bytes).await;
        Reply::read(&bytes)
    }

    /// With these headers and no others, `Host` among them.
    pub async fn ask_as(&self, method: &str, target: &str, headers: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer read");
        Reply::read(&bytes).expect("an answer")
    }

    pub async fn send(&self, method: &str, target: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: api.weixin.qq.com\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.expect("a request sent");
        stream
    }

    /// A code of alice's for the mini-program.
    pub fn code(&self) -> String {
        self.simulator.login_code("mini", "alice").expect("a code")
    }

    pub async fn exchange(&self, code: &str) -> Reply {
        self.get(&exchange_target(MINI, SECRET, code)).await
    }

    /// A token of `/cgi-bin/token`.
    pub async fn token(&self, app: &str) -> String {
        let reply = self.get(&token_target(app)).await.json();
        reply["access_token"].as_str().expect("a token").to_owned()
    }

    pub async fn stable(&self, force: bool) -> Value {
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": MINI, "secret": SECRET, "force_refresh": force,
        });
        self.post("/cgi-bin/stable_token", &body).await.json()
    }

    /// The errcode of a call that only needs a good token; 0 when it is one.
    pub async fn judge(&self, token: &str) -> i64 {
        self.get(&format!("/cgi-bin/get_api_domain_ip?access_token={token}")).await.errcode()
    }

    /// What a code of the control interface is exchanged for.
    pub async fn authorize(&self, app: &str, user: &str, scope: &str) -> Value {
        let code = self.simulator.oauth_code(app, user, Some(scope)).expect("a code");
        self.get(&oauth_target(app, &code)).await.json()
    }

    pub fn change_app(&self, fields: &Value) {
        self.simulator.change_app(fields).expect("an app changed");
    }
}

pub fn exchange_target(appid: &str, secret: &str, code: &str) -> String {
    format!("/sns/jscode2session?appid={appid}&secret={secret}&js_code={code}&grant_type=authorization_code")
}

pub fn token_target(app: &str) -> String {
    let appid = if app == "mini" { MINI } else { OFFICIAL };
    format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret=demo-secret-{app}")
}

pub fn oauth_target(app: &str, code: &str) -> String {
    let appid = if app == "official" { OFFICIAL } else { WEBSITE };
    format!(
        "/sns/oauth2/access_token?appid={appid}&secret=demo-secret-{app}&code={code}&grant_type=authorization_code"
    )
}

impl Reply {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn errcode(&self) -> i64 {
        let json = self.json();
        if json.get("errcode").is_none() { 0 } else { json["errcode"].as_i64().expect("a number") }
    }

    pub fn errmsg(&self) -> String {
        self.json()["errmsg"].as_str().expect("errmsg").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named =
            |line: &'_ str| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(|line| named(line)).and_then(|line| Some(line.split_once(": ")?.1))
    }
}
