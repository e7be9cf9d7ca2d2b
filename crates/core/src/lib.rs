//! What the product does, whoever asks for it: one folder per noun, the same file names inside. Flows open at most one
//! transaction and call WeChat before or after it; rows hold the SQL; models hold what can be said without either.

pub mod account;
pub mod action;
pub mod advisor;
pub mod apikey;
pub mod apptoken;
pub mod audit;
pub mod authorization;
pub mod binding;
mod code;
pub mod credit;
pub mod engagement;
pub mod exchange;
mod failure;
pub mod host;
pub mod idempotency;
pub mod identity;
pub mod job;
pub mod jssdk;
pub mod lead;
pub mod limits;
pub mod live;
pub mod message;
pub mod push;
pub mod qr;
pub mod session;
pub mod settings;
pub mod web;

use std::collections::HashMap;

use weir_base::{Clock, Dice, Sealer, Secret};
use weir_store::{Statement, Store};
use weir_wechat::WeChat;

pub use code::Code;
pub use failure::{Failure, Outcome, WeChatRefusal};
pub use settings::{AppKind, AppSettings, Settings};

/// Everything that a flow needs, handed to it; the binary builds it once (`weir::wire`).
pub struct App {
    pub store: Store,
    pub wechat: WeChat,
    pub clock: Clock,
    pub dice: Dice,
    pub sealer: Sealer,
    pub signer: session::Signer,
    pub limits: limits::Limits,
    pub web: web::Web,
    pub host: host::HostTokens,
    /// News of QR codes.
    pub live: live::Live<qr::QrRow>,
    /// The queues of what must happen outside our database.
    pub jobs: job::Jobs,
    pub settings: Settings,
    app_tokens: HashMap<String, apptoken::Holders>,
}

impl App {
    /// Fails when a secret is missing or weak, or settings contradict each other; the sentence says how to mend it.
    pub fn new(
        store: Store,
        wechat: WeChat,
        clock: Clock,
        dice: Dice,
        settings: Settings,
    ) -> Result<Self, String> {
        settings.validate()?;
        let web = web::Web::new(&settings.web)?;
        let signer = session::Signer::new(&settings.auth)?;
        let seal_secret = settings.auth.seal_secret.clone().filter(|secret| !secret.is_empty());
        let mut older = settings.auth.seal_previous.clone();
        if seal_secret.is_some() {
            older.push(settings.auth.jwt_secret.clone());
        }
        let current = seal_secret.unwrap_or_else(|| settings.auth.jwt_secret.clone());
        let older: Vec<Secret> = older.into_iter().filter(|secret| !secret.is_empty()).collect();
        let app_tokens =
            settings.apps.iter().map(|app| (app.appid.clone(), apptoken::Holders::default())).collect();
        Ok(Self {
            sealer: Sealer::new(dice.clone(), &current, &older),
            limits: limits::Limits::new(&settings.limits, settings.sandbox, clock.clone()),
            jobs: job::Jobs::new(&dice, settings.engagement.messages_per_second),
            store,
            wechat,
            clock,
            dice,
            signer,
            web,
            host: host::HostTokens::new(&settings),
            live: live::Live::new(settings.binding.max_watchers, settings.binding.max_watchers_each),
            settings,
            app_tokens,
        })
    }

    /// The mini-program that a login is for: the one named, else the first configured.
    pub fn mini_program(&self, appid: Option<&str>) -> Outcome<&AppSettings> {
        self.app_of(AppKind::MiniProgram, "appid", appid)
    }

    /// The app of this kind that `named` (an appid or a name) means, else the first configured. `field` is what the
    /// caller calls it.
    pub fn app_of(&self, kind: AppKind, field: &'static str, named: Option<&str>) -> Outcome<&AppSettings> {
        let mut of_kind = self.settings.apps.iter().filter(|app| app.kind == kind);
        let found = match named {
            None => of_kind.next(),
            Some(named) => of_kind.find(|app| app.appid == named || app.name == named),
        };
        found.ok_or_else(|| match named {
            None => Failure::new(Code::NotConfigured).detail(format!(
                "no {} is configured: add [[apps]] with kind = \"{}\"",
                kind.words(),
                kind.as_str()
            )),
            Some(_) => Failure::invalid(field, format!("names no {} of this server", kind.words())),
        })
    }

    /// The configured app with this appid.
    pub fn app(&self, appid: &str) -> Outcome<&AppSettings> {
        let found = self.settings.apps.iter().find(|app| app.appid == appid);
        found.ok_or_else(|| {
            Failure::new(Code::NotConfigured).detail("the app of this session is not configured any more")
        })
    }
}

/// Every statement of every noun, for the test that prepares each on both engines.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        account::rows::STATEMENTS,
        action::rows::STATEMENTS,
        advisor::rows::STATEMENTS,
        apikey::rows::STATEMENTS,
        apptoken::rows::STATEMENTS,
        audit::rows::STATEMENTS,
        authorization::rows::STATEMENTS,
        exchange::rows::STATEMENTS,
        binding::rows::STATEMENTS,
        credit::rows::STATEMENTS,
        engagement::rows::STATEMENTS,
        idempotency::rows::STATEMENTS,
        identity::rows::STATEMENTS,
        lead::rows::STATEMENTS,
        job::rows::STATEMENTS,
        message::rows::STATEMENTS,
        push::rows::STATEMENTS,
        qr::rows::STATEMENTS,
        session::rows::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}
