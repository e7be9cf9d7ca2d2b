//! The binary as a process: what stops its start, and how it ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const SECRET: &str = "Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U";

/// `weir` in `directory`, with nothing of this process's environment.
fn weir(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).current_dir(directory).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    weir(directory.path(), arguments, variables).output().expect("weir runs")
}

/// A server that has said that it is ready.
struct Server {
    process: Child,
    said: BufReader<std::process::ChildStdout>,
    /// `127.0.0.1:8080`
    address: String,
}

impl Server {
    fn start(directory: &Path) -> Self {
        let mut process = weir(directory, &["serve"], &[("JWT_SECRET", SECRET), ("API_PORT", "0")]);
        let mut process = process.stderr(Stdio::inherit()).spawn().expect("weir starts");
        let said = BufReader::new(process.stdout.take().expect("a pipe"));
        // Made at once, so that it is ended also when it never gets ready.
        let mut server = Self { process, said, address: String::new() };
        while server.address.is_empty() {
            let mut line = String::new();
            let read = server.said.read_line(&mut line).expect("readable lines");
            assert_ne!(read, 0, "it ended without being ready");
            let address = line.trim().strip_prefix("weir is ready at http://");
            server.address = address.unwrap_or_default().to_owned();
        }
        server
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n")
            .expect("a request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer comes");
        answer
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.process.id().try_into().expect("a process id"));
        kill(process, signal).expect("the process is there");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_weak_or_missing_secret_stops_the_start_with_a_way_to_mend_it() {
    for secret in ["", "short", "changemechangemechangemechangeme"] {
        let output = run(&["serve"], &[("JWT_SECRET", secret), ("API_PORT", "0")]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{secret:?}: {said}");
        assert!(
            said.contains("JWT_SECRET") && said.contains("openssl rand -base64 48"),
            "{secret:?}: {said}"
        );
        assert!(secret.is_empty() || !said.contains(secret), "the secret is quoted: {said}");
        assert!(output.stdout.is_empty(), "nothing is ready");
    }
}

#[test]
fn a_misspelt_setting_stops_the_start_and_is_named() {
    let output = run(&["serve"], &[("JWT_SECRET", SECRET), ("WEIR_SERVER__PROT", "1")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("WEIR_SERVER__PROT") && said.contains("WEIR_SERVER__PORT"), "{said}");
}

#[test]
fn a_server_is_ready_when_it_says_so_and_ends_well_when_asked_to() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Server::start(directory.path());
        let health = server.get("/api/health");
        assert!(health.starts_with("HTTP/1.1 200"), "{health}");
        // A connection that is open and silent must not hold up the end.
        let _idle = TcpStream::connect(&server.address).unwrap();
        server.signal(signal);
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        server.said.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains("is ready"), "said once: {rest}");
        assert!(TcpStream::connect(&server.address).is_err(), "nobody listens any more");
    }
}

#[test]
fn a_port_that_is_taken_is_answered_with_the_ways_to_choose_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["serve"], &[("JWT_SECRET", SECRET), ("API_PORT", &port)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
}

#[test]
fn settings_are_shown_without_secrets() {
    let variables =
        [("JWT_SECRET", SECRET), ("WX_APPID", "wx1000000000000001"), ("WX_SECRET", "a-very-secret-app")];
    let output = run(&["config"], &variables);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("environment WX_SECRET") && said.contains("••••"), "{said}");
    assert!(!said.contains(SECRET) && !said.contains("a-very-secret-app"), "{said}");
}
