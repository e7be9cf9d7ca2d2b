//! A phone with WeChat, as a script: it scans QR codes, keeps cookies, follows redirects and submits forms without script.
//! And the tokens of a host application's users.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::hmac;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use reqwest::{Method, Url, header::HeaderMap};
use serde_json::{Value, json};

use crate::{Client, TestWeir, contract};

/// What every test's tokens are signed with.
const SECRET: &str = "a-test-secret-that-is-long-enough-0123456789";
const AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50 Language/zh_CN";

/// Somebody's phone. Cloning gives another handle on the same cookies.
#[derive(Clone)]
pub struct Phone {
    user: String,
    http: reqwest::Client,
    gateways: Vec<String>,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    language: &'static str,
}

/// What the phone shows.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub url: String,
    pub headers: HeaderMap,
    pub html: String,
}

impl TestWeir {
    /// A phone of one of the demo world's people, without any cookies yet.
    pub fn phone(&self, user: &str) -> Phone {
        Phone::new(user, vec![format!("http://{}", self.client.address())])
    }

    /// What a person is called in one app.
    pub async fn openid(&self, user: &str, appid: &str) -> String {
        let users = self.wechat.get("/_sim/users").await.json["users"].clone();
        let found = users.as_array().into_iter().flatten().find(|one| one["name"] == user);
        found.and_then(|one| one["openids"][appid].as_str()).unwrap_or_default().to_owned()
    }

    /// A client with a host application's token for this user.
    pub fn host(&self, user: impl Into<Value>) -> Client {
        let claims = json!({ "user_id": user.into(), "name": "Alice Liddell", "exp": self.clock.now().seconds() + 3600 });
        self.client.with_bearer(host_token(&claims))
    }
}

/// A token as a host application would sign it.
pub fn host_token(claims: &Value) -> String {
    sign(claims, SECRET)
}

/// The same with another secret.
pub fn sign(claims: &Value, secret: &str) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What a QR code says: `picture` is a PNG in base64.
///
/// # Panics
/// When it cannot be read.
pub fn read_qr(picture: &str) -> String {
    let png = STANDARD.decode(picture).unwrap_or_else(|error| panic!("no base64: {error}"));
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap_or_else(|error| panic!("no PNG: {error}"));
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut pixels).unwrap_or_else(|error| panic!("no PNG: {error}"));
    let (width, height) = (info.width as usize, info.height as usize);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "there is not one QR code in the picture");
    let (_, text) = grids[0].decode().unwrap_or_else(|error| panic!("the QR code cannot be read: {error}"));
    text
}

impl Phone {
    #[expect(clippy::disallowed_methods, reason = "tests call the server as its users do")]
    pub fn new(user: &str, gateways: Vec<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.unwrap_or_else(|error| panic!("no HTTP client: {error}"));
        Self { user: user.to_owned(), http, gateways, cookies: Arc::default(), language: "en" }
    }

    /// The same phone, whose owner reads another language.
    pub fn reading(&self, language: &'static str) -> Self {
        Self { language, ..self.clone() }
    }

    /// The same phone with the same cookies at another replica, which a proxy would choose.
    pub fn at(&self, gateway: &str) -> Self {
        Self { gateways: vec![format!("http://{gateway}")], ..self.clone() }
    }

    /// Loses all cookies, as some web views do.
    pub fn forget_cookies(&self) {
        self.jar().clear();
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an address and goes wherever it is sent.
    ///
    /// # Panics
    /// When it is sent on more than ten times.
    pub async fn open(&self, url: &str) -> Page {
        self.follow(self.step(url).await).await
    }

    async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(next) = page.location() else { return page };
            page = self.step(&next).await;
        }
        panic!("sent on without end, last to {}", page.url);
    }

    /// Opens one address, without going where it is sent.
    pub async fn step(&self, url: &str) -> Page {
        self.send(Method::GET, url, None).await
    }

    /// Taps a button of the page's form.
    pub async fn tap(&self, page: &Page, button: &str) -> Page {
        let (url, fields) = self.filled(page, button);
        self.follow(self.send(Method::POST, &url, Some(fields)).await).await
    }

    /// The form's address and its fields, with one button tapped and this phone's owner chosen.
    pub fn filled(&self, page: &Page, button: &str) -> (String, Vec<(String, String)>) {
        let mut fields = page.hidden();
        fields.retain(|(name, _)| name != "_sim_user");
        if page.html.contains("name=\"_sim_user\"") {
            fields.push(("_sim_user".to_owned(), self.user.clone()));
        }
        fields.push(("decision".to_owned(), button.to_owned()));
        (page.action(), fields)
    }

    /// Sends a form that may have been changed on the way.
    pub async fn post(&self, url: &str, fields: Vec<(String, String)>) -> Page {
        self.follow(self.send(Method::POST, url, Some(fields)).await).await
    }

    /// Sends a form without going where the phone is sent.
    pub async fn post_once(&self, url: &str, fields: Vec<(String, String)>) -> Page {
        self.send(Method::POST, url, Some(fields)).await
    }

    async fn send(&self, method: Method, url: &str, form: Option<Vec<(String, String)>>) -> Page {
        let page = self.try_send(method.clone(), url, form).await;
        page.unwrap_or_else(|error| panic!("{method} {url}: {error:?}"))
    }

    /// Sends a form to a server that may be killed meanwhile: `None` when no whole answer comes.
    pub async fn try_post(&self, url: &str, fields: Vec<(String, String)>) -> Option<Page> {
        self.try_send(Method::POST, url, Some(fields)).await.ok()
    }

    async fn try_send(
        &self,
        method: Method,
        url: &str,
        form: Option<Vec<(String, String)>>,
    ) -> Result<Page, reqwest::Error> {
        let mut request = self.http.request(method.clone(), url);
        request = request.header("user-agent", AGENT).header("accept-language", self.language);
        let ours = self.gateways.iter().any(|gateway| url.starts_with(gateway.as_str()));
        if ours {
            let cookies =
                self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
            if !cookies.is_empty() {
                request = request.header("cookie", cookies.join("; "));
            }
        }
        if let Some(form) = &form {
            request = request.form(form);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let html = response.text().await?;
        if ours {
            for line in headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()) {
                let (name, value) =
                    line.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
                self.jar().insert(name.to_owned(), value.to_owned());
            }
            let path = Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default();
            let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            contract::check(&method.as_str().to_lowercase(), &path, status, kind, html.as_bytes());
        }
        Ok(Page { status, url: url.to_owned(), headers, html })
    }

    /// Scans a QR code and opens what it says: WeChat's consent page.
    pub async fn scan(&self, picture: &str) -> Page {
        self.open(&read_qr(picture)).await
    }

    /// Scans, consents at WeChat, and comes back to our page.
    pub async fn consent(&self, picture: &str) -> Page {
        let page = self.scan(picture).await;
        if page.status != 200 { page } else { self.tap(&page, "allow").await }
    }

    /// All the way: scans, consents, confirms.
    pub async fn confirm(&self, picture: &str) -> Page {
        let page = self.consent(picture).await;
        if page.html.contains("value=\"confirm\"") { self.tap(&page, "confirm").await } else { page }
    }
}

impl Page {
    /// Where it sends the phone on to.
    pub fn location(&self) -> Option<String> {
        let location = self.headers.get("location")?.to_str().ok()?;
        let url = Url::parse(&self.url).ok()?.join(location).ok()?;
        Some(url.to_string())
    }

    fn action(&self) -> String {
        let form = self.html.split("<form").nth(1).and_then(|rest| rest.split('>').next());
        let form = form.unwrap_or_else(|| panic!("no form on {}: {}", self.url, self.html));
        let action = attribute(form, "action").unwrap_or_else(|| self.url.clone());
        let base = Url::parse(&self.url).unwrap_or_else(|error| panic!("{}: {error}", self.url));
        base.join(&action).map(|url| url.to_string()).unwrap_or_default()
    }

    /// Names and values of the hidden fields.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let inputs = self.html.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let hidden = inputs.filter(|input| attribute(input, "type").as_deref() == Some("hidden"));
        hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?))).collect()
    }

    /// Asserts the status and that the page says so.
    #[track_caller]
    pub fn says(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{}: {}", self.url, self.html);
        assert!(self.html.contains(text), "{text:?} is not on {}: {}", self.url, self.html);
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, c)| text.replace(entity, c)))
}
