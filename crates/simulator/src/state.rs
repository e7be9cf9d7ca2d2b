//! The state file: apps, people, codes, sessions, tokens and counts as JSON. Faults and the record of calls belong to
//! one test and are not kept.

mod messages;
mod web;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use weir_base::Timestamp;

use crate::{
    Simulator, routes,
    world::{
        App, AppKey, Person, PersonKey, World, WorldError,
        codes::{Grant, Purpose},
        quotas::Counted,
        sessions::Session,
        tokens::{Issued, Snapshot, Stable},
    },
};

use messages::Messages;
use web::Web;

/// A state file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("state file {file}: {cause}")]
    File { file: PathBuf, cause: io::Error },
    #[error("state file {file} is not one of this simulator's: {cause}")]
    Syntax { file: PathBuf, cause: serde_json::Error },
    #[error("state file: {0}")]
    World(#[from] WorldError),
}

/// Writes the state file, one writing at a time.
pub struct Keeper {
    file: PathBuf,
    asked: AtomicU64,
    /// The last request that a writing has answered.
    written: Mutex<u64>,
}

impl Keeper {
    pub fn new(file: PathBuf) -> Self {
        Self { file, asked: AtomicU64::new(0), written: Mutex::new(0) }
    }

    pub async fn save(&self, simulator: &Simulator) -> Result<(), StateError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut written = self.written.lock().await;
        if *written >= mine {
            // Another writing began after this one was asked for: it has everything.
            return Ok(());
        }
        let answered = self.asked.load(Ordering::SeqCst);
        let (file, simulator) = (self.file.clone(), simulator.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let text = serde_json::to_vec_pretty(&State::of(&simulator)).map_err(io::Error::from);
            text.and_then(|text| write(&file, &text))
        });
        let outcome = writing.await.map_err(io::Error::from).and_then(|outcome| outcome);
        outcome.map_err(|cause| StateError::File { file: self.file.clone(), cause })?;
        *written = answered;
        Ok(())
    }
}

/// Writes beside the file and puts it in its place, so that there is a whole one at every moment.
fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut new = fs::File::create(&beside)?;
    new.write_all(text)?;
    new.sync_all()?;
    fs::rename(&beside, file)
}

/// What a state file says; `None` when there is none yet.
pub fn read(file: &Path) -> Result<Option<State>, StateError> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(StateError::File { file: file.to_owned(), cause }),
    };
    let state = serde_json::from_slice(&text);
    state.map(Some).map_err(|cause| StateError::Syntax { file: file.to_owned(), cause })
}

/// The state file's content. Apps and people are named by appid and id.
#[derive(Serialize, Deserialize)]
pub struct State {
    apps: Vec<App>,
    people: Vec<Person>,
    codes: Vec<KeptCode>,
    sessions: Vec<KeptSession>,
    tokens: Vec<KeptToken>,
    current_tokens: Vec<(String, String)>,
    stable_tokens: Vec<KeptStable>,
    counts: Vec<KeptCount>,
    #[serde(default)]
    web: Web,
    #[serde(default)]
    messages: Messages,
}

#[derive(Serialize, Deserialize)]
struct KeptCode {
    code: String,
    appid: String,
    person: String,
    purpose: Purpose,
    expires: Timestamp,
    used: bool,
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    appid: String,
    person: String,
    session_key: String,
    made: Timestamp,
    expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct KeptToken {
    token: String,
    appid: String,
    ends: Timestamp,
    replaced: bool,
}

#[derive(Serialize, Deserialize)]
struct KeptStable {
    appid: String,
    token: String,
    forced_at: Option<Timestamp>,
    forced_day: i64,
    forced_count: u32,
}

#[derive(Serialize, Deserialize)]
struct KeptCount {
    appid: String,
    counted: Counted,
    /// Number of the day or month.
    period: i64,
    count: u64,
}

impl State {
    fn of(simulator: &Simulator) -> Self {
        let world = simulator.world();
        let appid = |key: AppKey| world.app_at(key).map(|app| app.appid.clone());
        let id = |key: PersonKey| world.person_at(key).map(|person| person.id.clone());
        let tokens = simulator.tokens().snapshot();
        let code = |(code, grant, used): (String, Grant, bool)| {
            let (appid, person) = (appid(grant.app)?, id(grant.person)?);
            Some(KeptCode { code, appid, person, purpose: grant.purpose, expires: grant.expires, used })
        };
        let session = |session: Session| {
            let Session { app, person, key, made, expires } = session;
            Some(KeptSession { appid: appid(app)?, person: id(person)?, session_key: key, made, expires })
        };
        let token = |(token, issued): (Arc<str>, Issued)| {
            let Issued { app, ends, replaced } = issued;
            Some(KeptToken { token: token.to_string(), appid: appid(app)?, ends, replaced })
        };
        let stable = |(app, stable): (AppKey, Stable)| {
            let Stable { token, forced_at, forced_day, forced_count } = stable;
            let token = token.to_string();
            Some(KeptStable { appid: appid(app)?, token, forced_at, forced_day, forced_count })
        };
        let count =
            |(app, counted, period, count)| Some(KeptCount { appid: appid(app)?, counted, period, count });
        Self {
            apps: world.apps().cloned().collect(),
            people: world.people().cloned().collect(),
            codes: simulator.codes().snapshot().into_iter().filter_map(code).collect(),
            sessions: simulator.sessions().snapshot().into_iter().filter_map(session).collect(),
            tokens: tokens.issued.into_iter().filter_map(token).collect(),
            current_tokens: tokens
                .classic
                .into_iter()
                .filter_map(|(app, token)| Some((appid(app)?, token.to_string())))
                .collect(),
            stable_tokens: tokens.stable.into_iter().filter_map(stable).collect(),
            counts: simulator.quotas().snapshot().into_iter().filter_map(count).collect(),
            web: Web::of(simulator, &world),
            messages: Messages::of(simulator),
        }
    }

    /// Puts everything where it was. What names an app or a person that is not there is dropped.
    pub fn restore(self, simulator: &Simulator) -> Result<(), StateError> {
        *simulator.world_mut() = World::new(self.apps, self.people)?;
        let world = simulator.world();
        let app = |appid: &str| world.app_by_appid(appid).map(|(key, _)| key);
        let person = |id: &str| world.person(id).map(|(key, _)| key);
        for kept in self.codes {
            if let (Some(app), Some(person)) = (app(&kept.appid), person(&kept.person)) {
                let grant = Grant { app, person, purpose: kept.purpose, expires: kept.expires };
                simulator.codes().restore(&kept.code, grant, kept.used);
            }
        }
        for kept in self.sessions {
            if let (Some((app, of)), Some((person, who))) =
                (world.app_by_appid(&kept.appid), world.person(&kept.person))
            {
                let KeptSession { session_key: key, made, expires, .. } = kept;
                simulator.sessions().restore(&who.openid(of), Session { app, person, key, made, expires });
            }
        }
        let token = |kept: KeptToken| {
            let KeptToken { token, appid, ends, replaced } = kept;
            Some((token.into(), Issued { app: app(&appid)?, ends, replaced }))
        };
        let stable = |kept: KeptStable| {
            let KeptStable { appid, token, forced_at, forced_day, forced_count } = kept;
            let token = token.into();
            Some((app(&appid)?, Stable { token, forced_at, forced_day, forced_count }))
        };
        simulator.tokens().restore(Snapshot {
            issued: self.tokens.into_iter().filter_map(token).collect(),
            classic: self
                .current_tokens
                .into_iter()
                .filter_map(|(appid, token)| Some((app(&appid)?, token.into())))
                .collect(),
            stable: self.stable_tokens.into_iter().filter_map(stable).collect(),
        });
        for kept in self.counts {
            let served =
                |path: &str| routes::ENDPOINTS.iter().map(|endpoint| endpoint.path).find(|p| *p == path);
            match (app(&kept.appid), kept.counted) {
                (Some(app), Counted::Clears) => {
                    simulator.quotas().restore(app, None, kept.period, kept.count);
                }
                (Some(app), Counted::Calls { path }) => {
                    if let Some(path) = served(&path) {
                        simulator.quotas().restore(app, Some(path), kept.period, kept.count);
                    }
                }
                (None, _) => {}
            }
        }
        self.web.restore(simulator, &world);
        self.messages.restore(simulator, &world);
        Ok(())
    }
}
