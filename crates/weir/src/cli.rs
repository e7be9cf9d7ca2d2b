//! The command line, exactly as `contracts.md` ("Command line") has it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use weir_base::settings::Span;

use crate::doctor::Language;

/// WeChat sign-in, binding, sharing, leads and messages for any application.
#[derive(Debug, Parser)]
#[command(
    name = "weir",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  weir demo                                    everything at once, without a WeChat account
  weir demo --once                             walk every flow, print what happened, exit 0 or 1
  WX_APPID=wx… WX_SECRET=… JWT_SECRET=… weir serve
  weir doctor                                  what is wrong, and how to mend it"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    #[command(
        after_help = "Examples:\n  weir serve\n  weir serve --config /etc/weir/weir.toml\n  API_PORT=9000 weir serve"
    )]
    Serve(ServeArgs),
    /// Run the simulator and the server together on an embedded database, with example data.
    #[command(
        after_help = "Examples:\n  weir demo\n  weir demo --port 8081 --simulator-port 7071 --data /tmp/weir\n  weir demo --once"
    )]
    Demo(DemoArgs),
    /// Run WeChat's simulator alone.
    #[command(
        after_help = "Examples:\n  weir simulate\n  weir simulate --port 7070 --world world.toml --state state.json --seed 7"
    )]
    Simulate(SimulateArgs),
    /// Check settings, database, clock and WeChat, and say how to mend what is wrong.
    #[command(after_help = "Examples:\n  weir doctor\n  weir doctor --json\n  weir doctor --lang zh")]
    Doctor(DoctorArgs),
    /// Bring the database up to date. `serve` does the same at its start.
    #[command(after_help = "Examples:\n  weir migrate\n  weir migrate --config weir.toml")]
    Migrate(Place),
    /// Make, list and revoke API keys.
    #[command(
        after_help = "Examples:\n  weir key create --scope messages:send,crm:read --name crm\n  weir key list\n  weir key revoke key_…"
    )]
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Make a host token for trying things. Only in a sandbox.
    #[command(after_help = "Examples:\n  weir token --sub 106\n  weir token --sub 106 --ttl 1h --data data")]
    Token(TokenArgs),
    /// Look after accounts.
    #[command(after_help = "Examples:\n  weir account unmerge 42")]
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Print the effective settings, where each came from, or their reference.
    #[command(after_help = "Examples:\n  weir config\n  weir config --reference settings")]
    Config(ConfigArgs),
    /// Print the API description (OpenAPI 3.1).
    #[command(after_help = "Examples:\n  weir openapi > openapi.json")]
    Openapi,
}

/// Whose settings and data a command works on.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The settings file [default: weir.toml, when it is there]
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub config: Option<PathBuf>,
    /// The data directory of a demo, instead of a settings file
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The settings file [default: weir.toml, when it is there]
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub config: Option<PathBuf>,
    /// The port to listen on, over any setting
    #[arg(long)]
    pub port: Option<u16>,
    /// The address to listen on, over any setting
    #[arg(long)]
    pub address: Option<String>,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The server's port
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// The simulator's port
    #[arg(long, default_value_t = 7070)]
    pub simulator_port: u16,
    /// Where the database and the generated secret live [default: data; a temporary one with --once]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Walk every flow on free ports, print what happened, and exit 0 or 1
    #[arg(long)]
    pub once: bool,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The port to listen on
    #[arg(long, default_value_t = 7070)]
    pub port: u16,
    /// Apps and people, as TOML [default: the demo world]
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// Keep the state in this file
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Make codes, keys and tokens the same in every run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub place: Place,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The language of the findings [default: that of LANG, else English]
    #[arg(long, value_enum, value_name = "LANG")]
    pub lang: Option<Language>,
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it: this is the only time that it is seen.
    #[command(
        after_help = "Examples:\n  weir key create --scope messages:send,crm:read --name crm\n  weir key create --scope users:write --data data"
    )]
    Create {
        /// What the key may do: messages:send, crm:read, crm:write, tokens:read, users:read, users:write, admin
        #[arg(long, value_name = "SCOPE,…")]
        scope: String,
        /// What it is for
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the keys.
    #[command(after_help = "Examples:\n  weir key list\n  weir key list --data data")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Revoke a key from now on.
    #[command(after_help = "Examples:\n  weir key revoke key_…")]
    Revoke {
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Take the merge of this account into another back.
    #[command(after_help = "Examples:\n  weir account unmerge 42")]
    Unmerge {
        /// The id of the account that was merged
        id: i64,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The host user's id
    #[arg(long)]
    pub sub: String,
    /// How long the token is good
    #[arg(long, default_value = "1h")]
    pub ttl: Span,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub place: Place,
    /// Print a reference in Markdown instead
    #[arg(long, value_name = "WHICH")]
    pub reference: Option<Reference>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Reference {
    Settings,
    Environment,
    Example,
    Cli,
    Metrics,
}
