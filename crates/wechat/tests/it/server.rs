//! A server that answers what it is told to, byte for byte, and remembers what it was sent.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, watch},
};
use weir_base::{Clock, Dice, Secret, Timestamp};
use weir_wechat::{Credentials, Endpoints, Transport, TransportSettings, WeChat};

pub const SECRET: &str = "6f1ed002ab5595859014ebf0951522d9";
pub const TOKEN: &str = "83_n0tARealTokenButAsLongAsOne_abcdefghijklmnopqrstuvwxyz0123456789";
pub const CODE: &str = "051v0m000ObAyK19vV1005SDWf0v0m0s";
pub const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
pub const OPENID: &str = "oGZUI0egBJY1zhBYw2KhdUfwVJJE";

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// 200 with this body, as `text/plain` without a charset.
    Body(String),
    /// These bytes, then the connection is closed.
    Raw(String),
    /// The connection is closed without a word.
    Cut,
    /// The connection is kept open without a word.
    Stall,
}

pub fn body(text: &str) -> Reply {
    Reply::Body(text.to_owned())
}

#[derive(Clone, Debug)]
pub struct Received {
    /// `GET /sns/jscode2session?appid=…`
    pub line: String,
    pub body: String,
}

pub struct Server {
    pub api_base: String,
    pub wechat: WeChat,
    pub clock: Clock,
    received: watch::Receiver<Vec<Received>>,
    connections: watch::Receiver<usize>,
}

impl Server {
    /// Answers requests with `replies` in turn and cuts the connection when there are none left.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_base = format!("http://{}", listener.local_addr().unwrap());
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let (log, received) = watch::channel(Vec::new());
        let (opened, connections) = watch::channel(0);
        let log = Arc::new(log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.send_modify(|count| *count += 1);
                tokio::spawn(serve(stream, Arc::clone(&replies), Arc::clone(&log)));
            }
        });
        let clock = Clock::standing_at(Timestamp::from_seconds(1_800_000_000));
        Self { wechat: client(&api_base, &clock), api_base, clock, received, connections }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// How many connections were opened to the server.
    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Waits until the server has read its `count`th request.
    pub async fn wait_for_request(&mut self, count: usize) {
        self.received.wait_for(|received| received.len() >= count).await.unwrap();
    }
}

/// A client that does not wait between tries, on a clock that stands still.
pub fn client(api_base: &str, clock: &Clock) -> WeChat {
    client_for(api_base, clock, TransportSettings::default().max_calls)
}

/// A client for so many calls at once.
pub fn client_for(api_base: &str, clock: &Clock, max_calls: usize) -> WeChat {
    let settings = TransportSettings { backoff: Duration::ZERO, max_calls, ..TransportSettings::default() };
    let transport = Transport::new(settings, clock.clone(), Dice::seeded(1)).unwrap();
    WeChat::new(&Endpoints { api_base: api_base.to_owned(), ..Endpoints::default() }, transport).unwrap()
}

pub fn credentials() -> Credentials {
    Credentials { appid: "wx4f4bc4dec97d474b".to_owned(), secret: Secret::new(SECRET) }
}

async fn serve(
    mut stream: TcpStream,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    log: Arc<watch::Sender<Vec<Received>>>,
) {
    while let Some(request) = read_request(&mut stream).await {
        log.send_modify(|received| received.push(request));
        let reply = replies.lock().await.pop_front().unwrap_or(Reply::Cut);
        match reply {
            Reply::Body(text) => {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}", text.len());
                if stream.write_all(format!("{head}\r\n\r\n{text}").as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(text) => {
                // The client may stop reading before the end, which is its right.
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Reply::Cut => return,
            Reply::Stall => std::future::pending().await,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
        }
        read_more(stream, &mut bytes).await?;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < length {
        read_more(stream, &mut bytes).await?;
    }
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Received { line, body: String::from_utf8(bytes).unwrap() })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.ok().filter(|&count| count > 0)?;
    bytes.extend_from_slice(&buffer[..count]);
    Some(())
}
