//! The whole product on a clock that stands still: simulator, gateway and a database of its own, over real sockets.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};
use weir::{
    config::{Config, DatabaseSettings, LogSettings, WeChatSettings},
    telemetry,
    wire::{self, Ground, Running},
};
use weir_base::{Clock, Dice, Secret, Timestamp};
use weir_core::{
    App, AppKind, AppSettings, Settings,
    apikey::Scope,
    message::{TemplateKind, TemplateSettings},
};
use weir_http::ServerSettings;
use weir_simulator::{Simulator, World};

use crate::{Client, Engine, TestDatabase};

/// When every test begins: 2026-11-20 08:00 UTC.
pub const START: Timestamp = Timestamp::from_seconds(1_795_161_600);
/// The mini-program of the demo world.
pub const MINI: &str = "wx1000000000000001";
/// The official account of the demo world.
pub const OFFICIAL: &str = "wx2000000000000002";
/// The website app of the demo world.
pub const WEBSITE: &str = "wx3000000000000003";

/// The template of the demo world whose messages need an accept each.
pub const ONCE: &str = "TMPL_DEMO_ACTION";
/// The template of the demo world whose messages need none.
pub const LONG: &str = "TMPL_DEMO_LONG";

/// A running Weir with its WeChat.
pub struct TestWeir {
    pub app: Arc<App>,
    pub clock: Clock,
    pub simulator: Simulator,
    pub client: Client,
    /// The simulator's control interface and WeChat's paths.
    pub wechat: Client,
    pub database: Arc<TestDatabase>,
    settings: Setup,
    /// This gateway first, then its replicas.
    gateways: Vec<Running>,
    _stop_simulator: oneshot::Sender<()>,
}

/// What a test may change before it starts.
#[derive(Clone)]
pub struct Setup {
    pub core: Settings,
    pub server: ServerSettings,
    pub clock: Clock,
    pub wechat_tries: u32,
    pub wechat_max_calls: usize,
    api_base: String,
}

impl Setup {
    fn new() -> Self {
        Self {
            core: demo_settings(),
            server: ServerSettings { port: 0, ..ServerSettings::default() },
            clock: Clock::standing_at(START),
            wechat_tries: 2,
            wechat_max_calls: 512,
            api_base: String::new(),
        }
    }

    fn config(&self, database: &str) -> Config {
        Config {
            core: self.core.clone(),
            server: self.server.clone(),
            database: DatabaseSettings { url: Secret::new(database), pool_size: 8 },
            wechat: WeChatSettings {
                api_base: self.api_base.clone(),
                open_base: self.api_base.clone(),
                tries: self.wechat_tries,
                max_calls: self.wechat_max_calls,
                ..WeChatSettings::default()
            },
            log: LogSettings::default(),
            entries: Vec::new(),
            secret_files: Vec::new(),
        }
    }
}

impl TestWeir {
    /// Starts with the demo world's settings; `None` when the engine is not on this machine.
    pub async fn start(engine: Engine) -> Option<Self> {
        Self::start_with(engine, |_| {}).await
    }

    /// Starts with changed settings.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Setup)) -> Option<Self> {
        let database = TestDatabase::create_migrated(engine, "weir", async |url: &str| {
            let config = Setup::new().config(url);
            let store = wire::open_store(&config).await.unwrap_or_else(|error| panic!("{error:?}"));
            store.migrate().await.unwrap_or_else(|error| panic!("migrate: {error:?}"));
            store.close().await;
        })
        .await?;
        let mut setup = Setup::new();
        change(&mut setup);
        let simulator = Simulator::new(World::demo(), setup.clock.clone(), Dice::seeded(1));
        let (listener, base) = listen().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = simulator.clone();
        tokio::spawn(async move {
            let ended = serving.serve(listener, async { drop(stopped.await) }).await;
            drop(ended);
        });
        setup.api_base.clone_from(&base);
        let (gateway, client) = boot(&setup, database.url()).await;
        Some(Self {
            app: Arc::clone(&gateway.app),
            clock: setup.clock.clone(),
            simulator,
            client,
            wechat: Client::new(base),
            database: Arc::new(database),
            settings: setup,
            gateways: vec![gateway],
            _stop_simulator: stop,
        })
    }

    /// One more gateway on the same database and the same WeChat.
    pub async fn replica(&mut self) -> (Arc<App>, Client) {
        let (gateway, client) = boot(&self.settings, self.database.url()).await;
        let app = Arc::clone(&gateway.app);
        self.gateways.push(gateway);
        (app, client)
    }

    /// Waits until so many requests and calls wait for the clock. Each gateway's sweeper does so all the time.
    pub async fn wait_for_sleepers(&self, count: usize) {
        self.clock.wait_for_sleepers(count + self.gateways.len()).await;
    }

    /// Somebody with WeChat: `alice`, `bob`, `carol`, `shade` or `nobody`.
    pub fn person(&self, name: &'static str) -> WeChatUser<'_> {
        WeChatUser { weir: self, name }
    }

    /// A new API key with these scopes.
    pub async fn api_key(&self, scopes: &[Scope]) -> String {
        let (_, key) = weir_core::apikey::flow::create(&self.app, "test", scopes)
            .await
            .unwrap_or_else(|failure| panic!("no key: {failure:?}"));
        key.expose().to_owned()
    }

    /// Makes WeChat misbehave (`simulator.md`, faults).
    pub async fn fault(&self, fault: &Value) {
        let answer = self.wechat.post("/_sim/faults", fault).await;
        assert!(answer.status < 300, "{}", answer.text);
    }

    pub async fn no_faults(&self) {
        self.wechat.delete("/_sim/faults").await;
    }

    /// How often WeChat was called at this path.
    pub async fn calls(&self, path: &str) -> usize {
        let answer = self.wechat.get(&format!("/_sim/calls?path={path}")).await;
        answer.json["calls"].as_array().map_or(0, Vec::len)
    }
}

/// A person holding a phone.
#[derive(Clone, Copy)]
pub struct WeChatUser<'a> {
    weir: &'a TestWeir,
    pub name: &'static str,
}

impl<'a> WeChatUser<'a> {
    pub(crate) fn weir(&self) -> &'a TestWeir {
        self.weir
    }

    /// What `wx.login` gives.
    pub async fn code(&self) -> String {
        self.control("/_sim/login-code", json!({})).await["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A control call about this person and the demo's mini-program.
    pub async fn control(&self, call: &str, mut body: Value) -> Value {
        body["appid"] = body.get("appid").cloned().unwrap_or_else(|| json!(MINI));
        body["user"] = json!(self.name);
        let answer = self.weir.wechat.post(call, &body).await;
        assert_eq!(answer.status, 200, "{call}: {}", answer.text);
        answer.json
    }

    /// Logs in and answers the data of the envelope.
    pub async fn login(&self) -> Value {
        self.login_at(&self.weir.client).await
    }

    /// Logs in at one of several gateways.
    pub async fn login_at(&self, client: &Client) -> Value {
        let code = self.code().await;
        client.post("/api/v1/auth/wx-login", &json!({ "code": code })).await.data().clone()
    }

    /// Logs in and answers a client with the token.
    pub async fn signed_in(&self) -> Client {
        let data = self.login().await;
        self.weir.client.with_bearer(data["access_token"].as_str().unwrap_or_default())
    }
}

fn demo_settings() -> Settings {
    let app = |name: &str, kind, appid: &str| AppSettings {
        name: name.to_owned(),
        kind,
        appid: appid.to_owned(),
        secret: Secret::new(format!("demo-secret-{name}")),
        open_platform: "default".to_owned(),
        callback_domains: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
        jssdk_domains: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
        token: None,
        aes_key: None,
    };
    let apps = vec![
        app("mini", AppKind::MiniProgram, MINI),
        app("official", AppKind::OfficialAccount, OFFICIAL),
        app("website", AppKind::Website, WEBSITE),
    ];
    let long =
        TemplateSettings { id: LONG.to_owned(), kind: TemplateKind::LongTerm, ..TemplateSettings::default() };
    let mut settings = Settings { apps, templates: vec![long], ..Settings::default() };
    settings.auth.jwt_secret = Secret::new("a-test-secret-that-is-long-enough-0123456789");
    settings
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("no port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
    (listener, format!("http://{address}"))
}

/// The wiring that is shipped, on the test's clock.
async fn boot(setup: &Setup, url: &str) -> (Running, Client) {
    // Waiting between tries is on the clock, which stands still.
    let ground = Ground { clock: setup.clock.clone(), dice: Dice::system(), backoff: Duration::ZERO };
    let running = wire::start(&setup.config(url), ground, telemetry::metrics()).await;
    let running = running.unwrap_or_else(|error| panic!("weir does not start: {error:?}"));
    let client = Client::new(format!("http://{}", running.address));
    (running, client)
}
