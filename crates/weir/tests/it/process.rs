//! Processes of the binary, and what they say.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use weir_testkit::Client;

/// What every test's tokens are signed with.
pub const SECRET: &str = "Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U";
pub const MINI: &str = "wx1000000000000001";
pub const MINI_SECRET: &str = "demo-secret-mini";
pub const LOGIN: &str = "/api/v1/auth/wx-login";
pub const REFRESH: &str = "/api/v1/auth/refresh";
pub const ME: &str = "/api/v1/users/me";

type Variables<'a> = &'a [(&'a str, &'a str)];

/// `weir` in `directory`, with these variables and nothing else of this process's environment.
pub fn weir(directory: &Path, arguments: &[&str], variables: Variables<'_>) -> Command {
    program(directory, &[&[env!("CARGO_BIN_EXE_weir")], arguments].concat(), variables)
}

fn program(directory: &Path, line: &[&str], variables: Variables<'_>) -> Command {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).current_dir(directory).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command that has ended said.
#[derive(Debug)]
pub struct Ended {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }
}

pub fn run_in(directory: &Path, arguments: &[&str], variables: Variables<'_>) -> Ended {
    let Output { status, stdout, stderr } =
        weir(directory, arguments, variables).output().expect("weir runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// In an empty directory.
pub fn run(arguments: &[&str], variables: Variables<'_>) -> Ended {
    let directory = tempfile::tempdir().expect("a temporary directory");
    run_in(directory.path(), arguments, variables)
}

/// A process that goes on until it is told to end, and at the latest until this value is dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
    complaints: Option<JoinHandle<String>>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("weir starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stderr = child.stderr.take().expect("a pipe");
        let (told, lines) = mpsc::channel();
        // Read all the time, so that a full pipe never holds the process up.
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                drop(told.send(line));
            }
        });
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, lines, heard: Vec::new(), complaints: Some(complaints) }
    }

    /// Waits for a line that begins so, and answers the rest of it.
    #[track_caller]
    pub fn wait_for(&mut self, beginning: &str) -> String {
        while let Ok(line) = self.lines.recv() {
            self.heard.push(line.clone());
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
        let complaints = self.complaints();
        panic!("it ended without saying {beginning:?}: {:?} {complaints}", self.heard);
    }

    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.child.id().try_into().expect("a process id"));
        kill(process, signal).expect("the process is there");
    }

    /// Waits for its end, and answers everything that it said.
    pub fn ended(mut self) -> Ended {
        let code = self.child.wait().expect("it can be waited for").code();
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend(self.lines.iter());
        heard.push(String::new());
        Ended { code, stdout: heard.join("\n"), stderr: self.complaints() }
    }

    fn complaints(&mut self) -> String {
        self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `weir simulate`.
pub struct Simulator {
    pub process: Process,
    /// `http://127.0.0.1:7070`
    pub base: String,
    pub client: Client,
}

impl Simulator {
    pub fn start() -> Self {
        Self::with(Path::new("."), &[])
    }

    pub fn with(directory: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["simulate", "--port", "0"], arguments].concat();
        let mut process = Process::start(weir(directory, &arguments, &[]));
        let base = process.wait_for("the simulator is ready at ");
        let client = Client::new(base.as_str());
        Self { process, base, client }
    }

    /// A control call that must succeed.
    pub async fn control(&self, call: &str, body: &Value) -> Value {
        control(&self.client, call, body).await
    }
}

pub async fn control(simulator: &Client, call: &str, body: &Value) -> Value {
    let answer = simulator.post(call, body).await;
    assert!(answer.status < 300, "{call}: {}", answer.text);
    answer.json
}

/// What `wx.login` gives on this person's phone.
pub async fn code(simulator: &Client, person: &str) -> String {
    let given = control(simulator, "/_sim/login-code", &json!({ "appid": MINI, "user": person })).await;
    given["code"].as_str().expect("a code").to_owned()
}

/// The data of a login.
pub async fn log_in(weir: &Client, simulator: &Client, person: &str) -> Value {
    let code = code(simulator, person).await;
    weir.post(LOGIN, &json!({ "code": code })).await.data().clone()
}

pub fn token(data: &Value) -> String {
    data["access_token"].as_str().expect("a token").to_owned()
}

/// `weir serve` with nothing but an environment.
pub struct Server {
    pub process: Process,
    pub client: Client,
    /// `127.0.0.1:8080`
    pub address: String,
}

impl Server {
    /// With WeChat at `simulator`, and these variables besides.
    pub fn start(directory: &Path, simulator: &str, variables: Variables<'_>) -> Self {
        Self::by(directory, simulator, &[env!("CARGO_BIN_EXE_weir"), "serve"], variables)
    }

    /// By another command line.
    pub fn by(directory: &Path, simulator: &str, line: &[&str], variables: Variables<'_>) -> Self {
        let mut all = vec![
            ("WX_APPID", MINI),
            ("WX_SECRET", MINI_SECRET),
            ("JWT_SECRET", SECRET),
            ("API_PORT", "0"),
            ("WEIR_WECHAT__API_BASE", simulator),
        ];
        all.extend(variables);
        let mut process = Process::start(program(directory, line, &all));
        let base = process.wait_for("weir is ready at ");
        let address = base.strip_prefix("http://").expect("an address").to_owned();
        Self { process, client: Client::new(base), address }
    }
}
