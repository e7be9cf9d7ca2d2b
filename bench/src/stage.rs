//! The processes of one run: the simulator, the limit, and one gateway for each engine. They end with it.

use std::{
    fmt, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use weir_base::Dice;

use crate::{
    client::{Connection, request},
    postgres::{self, Postgres},
    process::Process,
    time,
};

/// WeChat lets an official account log 50,000 people in a minute.
const UNLIMITED: &str = r#"{"name":"official","quotas":{"/sns/oauth2/access_token":{},"/sns/userinfo":{}}}"#;
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Of the demo world's mini-program (`contracts.md`, "The demo world").
pub const APPID: &str = "wx1000000000000001";
pub const APP_SECRET: &str = "demo-secret-mini";
/// Of its official account.
pub const OFFICIAL_APPID: &str = "wx2000000000000002";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
}

pub struct Gateway {
    pub engine: Engine,
    pub server: Server,
    pub database: Option<Postgres>,
    /// What tokens are signed with, its own and the host application's.
    pub jwt_secret: String,
    /// Of its database.
    pub url: String,
    weir: PathBuf,
    config: PathBuf,
    /// What `config` holds, but for what one measurement adds.
    settings: String,
}

pub struct Stage {
    pub limit: Server,
    pub simulator: Server,
    pub gateways: Vec<Gateway>,
    weir: PathBuf,
    directory: TempDir,
}

impl Stage {
    /// Starts everything on free ports of 127.0.0.1, with data in a temporary directory.
    pub async fn start(weir: &Path, engines: &[Engine]) -> Result<Self> {
        let weir = fs::canonicalize(weir)
            .with_context(|| format!("no {}: build it first with `make build`", weir.display()))?;
        let directory = tempfile::tempdir()?;
        let here = directory.path();

        let mut command = Command::new(std::env::current_exe()?);
        let limit = serve("limit", here, &mut command, &["limit"], "/").await?;
        let mut command = Command::new(&weir);
        let simulator =
            serve("simulator", here, &mut command, &["simulate", "--seed", "1"], "/_sim/health").await?;
        let unlimited = request("POST", "/_sim/apps", None, Some(UNLIMITED));
        simulator.call(&unlimited).await.context("cannot lift the minute's quotas")?;

        let mut gateways = Vec::new();
        for &engine in engines {
            let database = match engine {
                Engine::Sqlite => None,
                Engine::Postgres => {
                    let programs = postgres::programs().context("PostgreSQL is not installed")?;
                    Some(postgres::start(&programs, here, free_address()?, true).await?)
                }
            };
            let url = match &database {
                Some(database) => database.url.clone(),
                None => format!("sqlite:{}", here.join("weir.db").display()),
            };
            let address = free_address()?;
            let config = here.join(format!("weir-{engine}.toml"));
            let dice = Dice::system();
            let (jwt_secret, seal_secret) = (dice.alphanumeric(48), dice.alphanumeric(48));
            let settings = settings(&url, address, simulator.address, [&jwt_secret, &seal_secret]);
            fs::write(&config, &settings)?;
            let process = start_gateway(&weir, here, engine, &config)?;
            let mut server = Server { process, address };
            server.ready("/api/health").await?;
            gateways.push(Gateway {
                engine,
                server,
                database,
                jwt_secret,
                url,
                weir: weir.clone(),
                config,
                settings,
            });
        }
        Ok(Self { limit, simulator, gateways, weir, directory })
    }

    pub fn gateway(&self, engine: Engine) -> Result<&Gateway> {
        self.gateways
            .iter()
            .find(|gateway| gateway.engine == engine)
            .with_context(|| format!("no gateway runs on {engine}"))
    }

    /// Ends the gateway and starts it again on its database: how long until `/api/live` and until `/api/health`
    /// answered 200, asked every millisecond from the moment it was started.
    pub async fn restart(&mut self, engine: Engine) -> Result<(Duration, Duration)> {
        let index = self.gateways.iter().position(|gateway| gateway.engine == engine);
        let gateway =
            self.gateways.swap_remove(index.with_context(|| format!("no gateway runs on {engine}"))?);
        let Gateway { server: Server { process, address }, .. } = gateway;
        process.stop().await?;
        let begin = time::now();
        let process = start_gateway(&self.weir, self.directory.path(), engine, &gateway.config)?;
        let mut server = Server { process, address };
        server.ready("/api/live").await?;
        let live = begin.elapsed();
        server.ready("/api/health").await?;
        let ready = begin.elapsed();
        self.gateways.push(Gateway { server, ..gateway });
        Ok((live, ready))
    }

    /// The same with more settings, in TOML.
    pub async fn restart_with(&mut self, engine: Engine, more: &str) -> Result<()> {
        let gateway = self.gateway(engine)?;
        fs::write(&gateway.config, format!("{}{more}", gateway.settings))?;
        self.restart(engine).await.map(drop)
    }

    /// Ends all of it in good order, the databases last.
    pub async fn end(self) -> Result<()> {
        let mut databases = Vec::new();
        for gateway in self.gateways {
            gateway.server.process.stop().await?;
            databases.extend(gateway.database);
        }
        for database in databases {
            database.process.stop().await?;
        }
        self.simulator.process.stop().await
        // The limit server has no manners to show: it is killed when `self` goes.
    }
}

impl Gateway {
    /// An API key.
    pub async fn key(&self, scopes: &str) -> Result<String> {
        let mut command = Command::new(&self.weir);
        command.args(["key", "create", "--scope", scopes, "--config"]).arg(&self.config).env_clear();
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let key = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() || key.is_empty() {
            bail!("no key: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(key)
    }
}

impl Server {
    /// Waits until `path` answers 200.
    async fn ready(&mut self, path: &str) -> Result<Duration> {
        let request = request("GET", path, None, None);
        let (process, address) = (&mut self.process, self.address);
        time::wait_for(READY_WITHIN, Duration::from_millis(1), path, async || {
            process.check()?;
            let Ok(mut connection) = Connection::open(address).await else { return Ok(false) };
            Ok(connection.call(&request).await.is_ok_and(|response| response.status == 200))
        })
        .await
    }

    /// Sends one request on a connection of its own.
    ///
    /// # Errors
    /// When the answer's status is not 2xx.
    pub async fn call(&self, request: &[u8]) -> Result<String> {
        let mut connection = Connection::open(self.address).await?;
        let response = time::within(READY_WITHIN, "an answer", connection.call(request)).await??;
        let body = String::from_utf8_lossy(response.body).into_owned();
        if !(200..300).contains(&response.status) {
            bail!("status {}: {body}", response.status);
        }
        Ok(body)
    }
}

async fn serve(
    name: &str,
    directory: &Path,
    command: &mut Command,
    arguments: &[&str],
    path: &str,
) -> Result<Server> {
    let address = free_address()?;
    command.args(arguments).args(["--port", &address.port().to_string()]);
    let process = Process::start(name, directory, clean(command, directory), Signal::SIGTERM)?;
    let mut server = Server { process, address };
    server.ready(path).await?;
    Ok(server)
}

fn start_gateway(weir: &Path, directory: &Path, engine: Engine, config: &Path) -> Result<Process> {
    let mut command = Command::new(weir);
    command.arg("serve").arg("--config").arg(config);
    Process::start(&format!("gateway-{engine}"), directory, clean(&mut command, directory), Signal::SIGTERM)
}

/// No setting may slip in from the environment or from the directory that the harness happens to run in.
fn clean<'a>(command: &'a mut Command, directory: &Path) -> &'a mut Command {
    command.env_clear().current_dir(directory)
}

/// A port that is free now. Somebody else may take it before its server does; then the server says so and the run ends.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The gateway's settings: production's, but for limits that would bite a load generator at one address. In a sandbox
/// an address may have any number of connections.
fn settings(url: &str, address: SocketAddr, simulator: SocketAddr, secrets: [&str; 2]) -> String {
    let [jwt, seal] = secrets;
    format!(
        r#"sandbox = true

[database]
url = "{url}"

[server]
port = {port}

[wechat]
api_base = "http://{simulator}"
open_base = "http://{simulator}"

[auth]
jwt_secret = "{jwt}"
seal_secret = "{seal}"

[limits]
enabled = false

[binding]
max_watchers_each = 20000

[log]
level = "info"

[[apps]]
name = "mini"
kind = "mini_program"
appid = "{APPID}"
secret = "{APP_SECRET}"

[[apps]]
name = "official"
kind = "official_account"
appid = "{OFFICIAL_APPID}"
secret = "demo-secret-official"
jssdk_domains = ["shop.example.com"]
"#,
        port = address.port(),
    )
}
