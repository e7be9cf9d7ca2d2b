//! A WeChat account bound to a user of the host application by QR code, and a sign-in with it.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use weir_core::App;

use super::{Walk, caller::Caller};

const USER: &str = "106";

pub(super) async fn all(walk: &mut Walk, app: &Arc<App>) {
    bind(walk, app).await;
    sign_in(walk).await;
}

/// A token as the host application would sign it for its user.
fn host_token(app: &App) -> Result<String> {
    let claims = json!({ "sub": USER, "name": "Alice Liddell", "exp": app.clock.now().seconds() + 600 });
    let secret = app.settings.auth.jwt_secret.expose().as_bytes();
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret))?)
}

async fn bind(walk: &mut Walk, app: &Arc<App>) {
    walk.chapter("A WeChat account bound by QR code");
    let weir = walk.weir.clone();
    let user = match host_token(app) {
        Ok(token) => weir.with_bearer(&token),
        Err(_) => weir.clone(),
    };
    walk.step("the host's user 106 has no WeChat account bound", async {
        let answer = user.get("/api/wechat/binding").await?;
        let told = answer.json["message"].as_str().unwrap_or_default().to_owned();
        ensure!(answer.status == 200 && answer.json["data"].is_null(), "{}", answer.json);
        Ok(((), told))
    })
    .await;
    walk.step("alice scans 106's code and refuses: nothing is bound", async {
        let session = user.post("/api/wechat/generate-qr", json!({})).await?.data()?;
        Phone::new()?.scan(&session, "refuse").await?;
        let status = status(&user, &session).await?;
        ensure!(status == "expired", "the status is {status}");
        ensure!(user.get("/api/wechat/binding").await?.json["data"].is_null(), "something is bound");
        Ok(((), format!("the browser sees {status}")))
    })
    .await;
    walk.step("she scans another and confirms: bound", async {
        let session = user.post("/api/wechat/generate-qr", json!({})).await?.data()?;
        Phone::new()?.scan(&session, "confirm").await?;
        let status = status(&user, &session).await?;
        ensure!(status == "confirmed", "the status is {status}");
        let bound = user.get("/api/wechat/binding").await?.data()?;
        ensure!(bound["user_id"] == 106, "bound to {}", bound["user_id"]);
        Ok(((), format!("user {} and openid {}", bound["user_id"], bound["wechat_openid"])))
    })
    .await;
    walk.step("an openid without proof is not bound", async {
        let told = user.post("/api/wechat/bind", json!({ "openid": "o-of-somebody" })).await?.refused(403)?;
        Ok(((), told))
    })
    .await;
}

async fn sign_in(walk: &mut Walk) {
    walk.chapter("Signing in by QR code");
    let weir = walk.weir.clone();
    walk.step("alice scans a sign-in: her browser is user 106, once", async {
        let started = weir.post("/api/wechat/qr-login", json!({})).await?.data()?;
        Phone::new()?.scan(&started, "confirm").await?;
        let path = format!("/api/wechat/qr-login/{}", text(&started, "session_id")?);
        let browser = weir.with_poll_token(text(&started, "poll_token")?);
        let given = browser.get(&path).await?.data()?;
        let me = weir.with_bearer(text(&given, "token")?);
        let bound = me.get("/api/wechat/binding").await?.data()?;
        ensure!(bound["user_id"] == 106, "signed in as {}", bound["user_id"]);
        ensure!(browser.get(&path).await?.data()?.get("token").is_none(), "the token was given twice");
        me.call("DELETE", "/api/wechat/unbind", None).await?;
        Ok(((), format!("user {}, for {} s", given["user_id"], given["expires_in"])))
    })
    .await;
}

async fn status(user: &Caller, session: &Value) -> Result<String> {
    let path = format!("/api/wechat/status/{}", text(session, "session_id")?);
    Ok(text(&user.get(&path).await?.data()?, "status")?.to_owned())
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().with_context(|| format!("no {field} in the answer"))
}

/// Alice's phone: one cookie, no script.
struct Phone {
    http: reqwest::Client,
    cookie: Option<String>,
}

impl Phone {
    #[expect(clippy::disallowed_methods, reason = "the walk is a client of ours, not a call to WeChat")]
    fn new() -> Result<Self> {
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, cookie: None })
    }

    /// Scans, consents at WeChat, and taps a button of the page that asks.
    async fn scan(&mut self, session: &Value, button: &str) -> Result<()> {
        let address = read(text(session, "qr_code_data")?)?;
        let to_wechat = self.redirected(&address).await?;
        let (page, _) = to_wechat.split_once('#').unwrap_or((&to_wechat, ""));
        let back = self.redirected(&format!("{page}&_sim_user=alice&_sim_consent=allow")).await?;
        let (_, asked) = self.open(self.http.get(&back)).await?;
        let hidden = |name: &str| {
            let value = asked
                .split(&format!("name=\"{name}\" value=\""))
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            value.map(str::to_owned).with_context(|| format!("the page does not ask: {name} is missing"))
        };
        let form =
            [("session", hidden("session")?), ("token", hidden("token")?), ("decision", button.to_owned())];
        let origin = address.split("/s/").next().unwrap_or_default();
        let (status, page) = self.open(self.http.post(format!("{origin}/s/decision")).form(&form)).await?;
        ensure!(status == 200, "answered {status}: {page}");
        Ok(())
    }

    async fn redirected(&mut self, address: &str) -> Result<String> {
        let mut request = self.http.get(address);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(cookie) = header("set-cookie").and_then(|line| line.split(';').next()) {
            self.cookie = Some(cookie.to_owned());
        }
        match header("location") {
            Some(location) => Ok(location.to_owned()),
            None => bail!("answered {} without sending the phone on", answer.status()),
        }
    }

    async fn open(&self, mut request: reqwest::RequestBuilder) -> Result<(u16, String)> {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

/// What a QR code says.
fn read(picture: &str) -> Result<String> {
    let png = STANDARD.decode(picture)?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let info = reader.next_frame(&mut pixels)?;
    let (width, height) = (usize::try_from(info.width)?, usize::try_from(info.height)?);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    let grid = grids.first().context("there is no QR code in the picture")?;
    let (_, said) = grid.decode().map_err(|error| anyhow!("the QR code cannot be read: {error}"))?;
    Ok(said)
}
