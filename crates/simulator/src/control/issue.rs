//! What a person's phone would hand to a page: codes, sealed data. And what WeChat hands to nobody: a rotated key.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Map, Value, json};
use weir_base::Secret;
use weir_wechat::crypto::{encrypt_data, raw_data_signature};

use super::{Asked, ControlError};
use crate::{
    Simulator,
    world::{
        App, AppKey, AppKind, Person, PersonKey, World,
        codes::{Consent, Purpose, Scope},
    },
};

/// How many codes one call may ask for.
const MOST_CODES: u64 = 100_000;

/// Data sealed for the app's server, as `wx.getUserInfo` and its kin give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// Base64 of AES-128-CBC with the session_key.
    pub encrypted_data: String,
    /// Base64 of 16 bytes.
    pub iv: String,
    /// The JSON that `signature` is of: the data without ids and watermark.
    pub raw_data: String,
    /// SHA-1 in hex over `raw_data` and the session_key.
    pub signature: String,
}

pub fn login_code(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let (app, user) = who(&mut asked)?;
    let count = asked.fields.number_if_given("count", 1, MOST_CODES)?;
    asked.fields.end()?;
    several(count, || simulator.login_code(&app, &user))
}

pub fn oauth_code(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let (app, user) = who(&mut asked)?;
    let scope = asked.fields.text_if_given("scope")?;
    let count = asked.fields.number_if_given("count", 1, MOST_CODES)?;
    asked.fields.end()?;
    several(count, || simulator.oauth_code(&app, &user, scope.as_deref()))
}

/// `{code}`, or with a count also `{codes}`.
fn several(
    count: Option<u64>,
    code: impl Fn() -> Result<String, ControlError>,
) -> Result<Value, ControlError> {
    let codes = (0..count.unwrap_or(1)).map(|_| code()).collect::<Result<Vec<_>, _>>()?;
    Ok(match count {
        None => json!({ "code": codes.first() }),
        Some(_) => json!({ "code": codes.first(), "codes": codes }),
    })
}

pub fn phone_code(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let (app, user) = who(&mut asked)?;
    asked.fields.end()?;
    Ok(json!({ "code": simulator.phone_code(&app, &user)? }))
}

pub fn session_key(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let (app, user) = who(&mut asked)?;
    asked.fields.end()?;
    simulator.rotate_session_key(&app, &user)?;
    Ok(json!({}))
}

pub fn encrypted_data(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let (app, user) = who(&mut asked)?;
    let data = match asked.fields.take("data") {
        None => None,
        Some(Value::Object(data)) => Some(data),
        Some(_) => return Err(ControlError::wrong("data", "must be an object")),
    };
    asked.fields.end()?;
    Ok(json!(simulator.encrypted_data(&app, &user, data)?))
}

fn who(asked: &mut Asked) -> Result<(String, String), ControlError> {
    Ok((asked.fields.text("appid")?, asked.fields.text("user")?))
}

/// A mini-program and a person, each with their place in the world.
struct Found<'w> {
    app: (AppKey, &'w App),
    person_key: PersonKey,
    person: &'w Person,
    openid: String,
}

/// The mini-program and the person that a control call names.
fn found<'w>(world: &'w World, app: &str, user: &str) -> Result<Found<'w>, ControlError> {
    let app = world.app(app).ok_or_else(|| ControlError::absent("appid", "app", app))?;
    if app.1.kind != AppKind::MiniProgram {
        return Err(ControlError::wrong("appid", format!("`{}` is not a mini-program", app.1.name)));
    }
    let (person_key, person) =
        world.person(user).ok_or_else(|| ControlError::absent("user", "user", user))?;
    Ok(Found { app, person_key, person, openid: person.openid(app.1) })
}

fn code_or_full(code: Option<String>) -> Result<String, ControlError> {
    code.ok_or_else(|| ControlError {
        status: StatusCode::TOO_MANY_REQUESTS,
        message: String::from("code: too many unused ones; they expire after 300 s of the simulator's clock"),
    })
}

impl Simulator {
    /// A code as `wx.login` gives: 32 characters, good for 300 s and one `/sns/jscode2session`. Makes or replaces the
    /// session_key as `wx.login` does. `app` is an appid or a name, `user` an id or a name, here and below.
    ///
    /// # Errors
    /// When there is no such mini-program or person, or two million unused codes lie about.
    pub fn login_code(&self, app: &str, user: &str) -> Result<String, ControlError> {
        let now = self.clock().now();
        let world = self.world();
        let Found { app, person_key, openid, .. } = found(&world, app, user)?;
        self.sessions().login(&openid, app, person_key, now, self.dice());
        code_or_full(self.codes().issue(app.0, person_key, Purpose::Login, now, self.dice()))
    }

    /// A code as the phone number button gives: 64 hex digits, good for 300 s and one `getuserphonenumber`.
    ///
    /// # Errors
    /// As [`Simulator::login_code`], and when the person has no phone number.
    pub fn phone_code(&self, app: &str, user: &str) -> Result<String, ControlError> {
        let world = self.world();
        let Found { app, person_key, person, .. } = found(&world, app, user)?;
        if person.phone.is_none() {
            return Err(ControlError::wrong("user", format!("`{user}` has no phone number")));
        }
        code_or_full(self.codes().issue(app.0, person_key, Purpose::Phone, self.clock().now(), self.dice()))
    }

    /// A code as a page's consent gives: 32 characters, for one `/sns/oauth2/access_token`. Without a scope it is
    /// `snsapi_userinfo` for an official account and `snsapi_login`, its only one, for a website.
    ///
    /// # Errors
    /// When there is no such official account, website or person, the app does not have the scope, or two million unused
    /// codes lie about.
    pub fn oauth_code(&self, app: &str, user: &str, scope: Option<&str>) -> Result<String, ControlError> {
        let world = self.world();
        let (key, found) = world.app(app).ok_or_else(|| ControlError::absent("appid", "app", app))?;
        let (person_key, person) =
            world.person(user).ok_or_else(|| ControlError::absent("user", "user", user))?;
        let scopes: &[Scope] = match found.kind {
            AppKind::OfficialAccount => &[Scope::UserInfo, Scope::Base],
            AppKind::Website => &[Scope::Login],
            AppKind::MiniProgram => {
                let reason = format!("`{}` is neither an official account nor a website", found.name);
                return Err(ControlError::wrong("appid", reason));
            }
        };
        let wanted = scope.map_or(Some(scopes[0]), Scope::named).filter(|scope| scopes.contains(scope));
        let scope = wanted.ok_or_else(|| {
            let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
            ControlError::wrong("scope", format!("must be {} for `{}`", names.join(" or "), found.name))
        })?;
        let snapshot = person.snapshot && found.kind == AppKind::OfficialAccount;
        let purpose = Purpose::Web(Consent { scope, snapshot });
        code_or_full(self.codes().issue(key, person_key, purpose, self.clock().now(), self.dice()))
    }

    /// Replaces the person's session_key whatever its age.
    ///
    /// # Errors
    /// When there is no such mini-program or person.
    pub fn rotate_session_key(&self, app: &str, user: &str) -> Result<(), ControlError> {
        let world = self.world();
        let Found { app, person_key, openid, .. } = found(&world, app, user)?;
        self.sessions().rotate(&openid, app, person_key, self.clock().now(), self.dice());
        Ok(())
    }

    /// `data` sealed with the person's current session_key; `wx.login` makes one if there is none. Without `data` it is
    /// the person's profile with their ids. A watermark is added unless `data` has one.
    ///
    /// # Errors
    /// When there is no such mini-program or person.
    pub fn encrypted_data(
        &self,
        app: &str,
        user: &str,
        data: Option<Map<String, Value>>,
    ) -> Result<EncryptedData, ControlError> {
        let now = self.clock().now();
        let world = self.world();
        let Found { app, person_key, person, openid } = found(&world, app, user)?;
        let key = Secret::new(match self.sessions().current(&openid, now) {
            Some(session) => session.key,
            None => self.sessions().login(&openid, app, person_key, now, self.dice()),
        });
        let mut data = data.unwrap_or_else(|| profile(app.1, person));
        if !data.contains_key("watermark") {
            let watermark = json!({"timestamp": now.seconds(), "appid": app.1.appid});
            data.insert(String::from("watermark"), watermark);
        }
        let public = |name: &str| !["openId", "unionId", "watermark"].contains(&name);
        let raw: Map<_, _> =
            data.iter().filter(|(name, _)| public(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        let raw_data = Value::Object(raw).to_string();
        let iv = STANDARD.encode(self.dice().bytes::<16>());
        let encrypted_data = encrypt_data(&key, &Value::Object(data).to_string(), &iv)
            .map_err(|error| ControlError::wrong("data", error))?;
        Ok(EncryptedData { encrypted_data, iv, signature: raw_data_signature(&raw_data, &key), raw_data })
    }

    /// The person's openid in the app.
    ///
    /// # Errors
    /// When there is no such app or person.
    pub fn openid(&self, app: &str, user: &str) -> Result<String, ControlError> {
        let world = self.world();
        let (_, found) = world.app(app).ok_or_else(|| ControlError::absent("appid", "app", app))?;
        let (_, person) = world.person(user).ok_or_else(|| ControlError::absent("user", "user", user))?;
        Ok(person.openid(found))
    }
}

/// What `wx.getUserInfo` seals: WeChat tells neither gender nor place any more.
fn profile(app: &App, person: &Person) -> Map<String, Value> {
    let mut profile = Map::new();
    let mut put = |name: &str, value: Value| profile.insert(name.to_owned(), value);
    put("openId", person.openid(app).into());
    put("nickName", person.nickname.clone().into());
    put("gender", 0.into());
    for empty in ["city", "province", "country"] {
        put(empty, "".into());
    }
    put("language", "zh_CN".into());
    put("avatarUrl", person.avatar().into());
    if let Some(unionid) = person.unionid(app) {
        put("unionId", unionid.into());
    }
    profile
}
