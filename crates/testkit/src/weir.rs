//! The whole product on a clock that stands still: simulator, gateway and a database of its own, over real sockets.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};
use weir_base::{Clock, Dice, Secret, Timestamp};
use weir_core::{App, AppKind, AppSettings, Settings, apikey::Scope};
use weir_http::{Gateway, ServerSettings};
use weir_simulator::{Simulator, World};
use weir_store::{DatabaseUrl, Store, StoreSettings};
use weir_wechat::{Endpoints, Transport, TransportSettings, WeChat};

use crate::{Client, Engine, TestDatabase};

/// When every test begins: 2026-11-20 08:00 UTC.
pub const START: Timestamp = Timestamp::from_seconds(1_795_161_600);
/// The mini-program of the demo world.
pub const MINI: &str = "wx1000000000000001";

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
    stops: Vec<oneshot::Sender<()>>,
}

/// What a test may change before it starts.
#[derive(Clone)]
pub struct Setup {
    pub core: Settings,
    pub server: ServerSettings,
    pub clock: Clock,
    pub wechat_tries: u32,
    api_base: String,
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
            let store = open(url).await;
            store.migrate().await.unwrap_or_else(|error| panic!("migrate: {error:?}"));
            store.close().await;
        })
        .await?;
        let mut setup = Setup {
            core: demo_settings(),
            server: ServerSettings { port: 0, ..ServerSettings::default() },
            clock: Clock::standing_at(START),
            wechat_tries: 2,
            api_base: String::new(),
        };
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
        let (app, client, gateway_stop) = boot(&setup, database.url()).await;
        Some(Self {
            app,
            clock: setup.clock.clone(),
            simulator,
            client,
            wechat: Client::new(base),
            database: Arc::new(database),
            settings: setup,
            stops: vec![stop, gateway_stop],
        })
    }

    /// One more gateway on the same database and the same WeChat.
    pub async fn replica(&mut self) -> (Arc<App>, Client) {
        let (app, client, stop) = boot(&self.settings, self.database.url()).await;
        self.stops.push(stop);
        (app, client)
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
    let mini = AppSettings {
        name: "mini".to_owned(),
        kind: AppKind::MiniProgram,
        appid: MINI.to_owned(),
        secret: Secret::new("demo-secret-mini"),
        open_platform: "default".to_owned(),
        token: None,
        aes_key: None,
    };
    let mut settings = Settings { apps: vec![mini], ..Settings::default() };
    settings.auth.jwt_secret = Secret::new("a-test-secret-that-is-long-enough-0123456789");
    settings
}

async fn open(url: &str) -> Store {
    let url = DatabaseUrl::parse(url).unwrap_or_else(|error| panic!("{error}"));
    let settings = StoreSettings { pool_size: 8, ..StoreSettings::new(url) };
    Store::open(&settings).await.unwrap_or_else(|error| panic!("the database does not open: {error:?}"))
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("no port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
    (listener, format!("http://{address}"))
}

async fn boot(setup: &Setup, url: &str) -> (Arc<App>, Client, oneshot::Sender<()>) {
    metrics_page();
    let (clock, dice) = (setup.clock.clone(), Dice::system());
    // Waiting between tries is on the clock, which stands still.
    let backoff = Duration::ZERO;
    let transport = TransportSettings { tries: setup.wechat_tries, backoff, ..TransportSettings::default() };
    let transport = Transport::new(transport, clock.clone(), dice.clone());
    let transport = transport.unwrap_or_else(|error| panic!("no transport: {error}"));
    let endpoints = Endpoints { api_base: setup.api_base.clone(), open_base: setup.api_base.clone() };
    let wechat = WeChat::new(&endpoints, transport).unwrap_or_else(|error| panic!("{error}"));
    let app = App::new(open(url).await, wechat, clock, dice, setup.core.clone());
    let app = Arc::new(app.unwrap_or_else(|error| panic!("{error}")));
    let gateway = Gateway::new(Arc::clone(&app), &setup.server, Arc::new(|| metrics_page().render()));
    let gateway = gateway.unwrap_or_else(|error| panic!("{error}"));
    let (listener, base) = listen().await;
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(gateway.serve(listener, async { drop(stopped.await) }));
    (app, Client::new(base), stop)
}

/// Counts for the whole process, as the binary's does.
fn metrics_page() -> &'static PrometheusHandle {
    static PAGE: OnceLock<PrometheusHandle> = OnceLock::new();
    PAGE.get_or_init(|| {
        PrometheusBuilder::new().install_recorder().unwrap_or_else(|error| panic!("no metrics: {error}"))
    })
}
