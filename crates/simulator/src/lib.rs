#![doc = include_str!("../README.md")]

mod answer;
mod calls;
mod control;
pub mod faults;
mod index;
mod page;
mod phone;
mod push;
mod qr;
mod routes;
mod state;
mod wording;
mod words;
pub mod world;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use axum::{
    Extension, Router,
    response::Redirect,
    routing::{any, get},
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weir_base::{Clock, Dice};

pub use calls::CallRecord;
pub use control::{ControlError, EncryptedData};
pub use push::{Attempt, Pushed};
pub use state::StateError;
pub use world::World;

use calls::Calls;
use faults::Faults;
use push::{Courier, Outbox};
use world::{
    authorizations::Authorizations, codes::Codes, inbox::Inbox, quotas::Quotas, scans::Scans, scenes::Scenes,
    sessions::Sessions, subscriptions::Subscriptions, tickets::Tickets, tokens::Tokens, turns::Turns,
};

/// How long requests may take to end once the server closes.
const GRACE: Duration = Duration::from_secs(5);

/// One WeChat. Cloning gives another handle on the same one.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    clock: Clock,
    dice: Dice,
    /// What [`Simulator::reset`] goes back to.
    configured: World,
    world: RwLock<World>,
    codes: Codes,
    sessions: Sessions,
    tokens: Tokens,
    authorizations: Authorizations,
    tickets: Tickets,
    scans: Scans,
    scenes: Scenes,
    quotas: Quotas,
    subscriptions: Subscriptions,
    inbox: Inbox,
    turns: Turns,
    courier: Courier,
    outbox: Outbox,
    faults: Faults,
    calls: Calls,
    jars: phone::Jars,
    languages: phone::Languages,
    /// The port that is listened on, once it is.
    port: OnceLock<u16>,
    keeper: Option<state::Keeper>,
}

impl Simulator {
    /// A simulator of this world with nothing in it yet. With seeded dice every code, key and token is the same in
    /// every run that asks for them in the same order.
    pub fn new(world: World, clock: Clock, dice: Dice) -> Self {
        Self::with_keeper(world, clock, dice, None)
    }

    /// A simulator whose state is kept in `file`: what is there is taken up, and [`Simulator::save`] writes to it.
    /// Apps and people of the file replace those of `world`.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn load(world: World, clock: Clock, dice: Dice, file: &Path) -> Result<Self, StateError> {
        let kept = state::read(file)?;
        let simulator = Self::with_keeper(world, clock, dice, Some(file.to_owned()));
        if let Some(kept) = kept {
            kept.restore(&simulator)?;
        }
        Ok(simulator)
    }

    fn with_keeper(world: World, clock: Clock, dice: Dice, file: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            clock,
            dice,
            configured: world.clone(),
            world: RwLock::new(world),
            codes: Codes::default(),
            sessions: Sessions::default(),
            tokens: Tokens::default(),
            authorizations: Authorizations::default(),
            tickets: Tickets::default(),
            scans: Scans::default(),
            scenes: Scenes::default(),
            quotas: Quotas::default(),
            subscriptions: Subscriptions::default(),
            inbox: Inbox::default(),
            turns: Turns::default(),
            courier: Courier::default(),
            outbox: Outbox::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            jars: phone::Jars::default(),
            languages: phone::Languages::default(),
            port: OnceLock::new(),
            keeper: file.map(state::Keeper::new),
        }))
    }

    /// Everything that is served: WeChat's paths, the control interface under `/_sim` and its index, the phone at `/` and
    /// the pages that it shows.
    ///
    /// Needs `ConnectInfo<SocketAddr>` to know the client's address; without it every client is 127.0.0.1.
    pub fn router(&self) -> Router {
        let router = routes::router()
            .merge(phone::routes())
            .route("/_sim", get(|| async { Redirect::temporary("/_sim/") }))
            .route("/_sim/", any(control::serve))
            .route("/_sim/{*call}", any(control::serve))
            .with_state(self.clone());
        phone::with_views(router, self.clone())
    }

    /// Serves until `shutdown` ends, then lets requests end, at most five seconds long, and saves the state.
    ///
    /// # Errors
    /// When the state cannot be saved.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        // Served again, it is the first port that counts: it is the one that views were given.
        let _ = self.0.port.set(listener.local_addr()?.port());
        let closing = CancellationToken::new();
        let router = self.router().layer(Extension(routes::Closing(closing.clone())));
        let listener = listener.tap_io(|stream| {
            // Without it a small answer may wait for the acknowledgement of the one before; failing harms nobody.
            let _ = stream.set_nodelay(true);
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(listener, service).with_graceful_shutdown({
            let closing = closing.clone();
            async move {
                shutdown.await;
                closing.cancel();
            }
        });
        let too_late = async {
            closing.cancelled().await;
            self.clock().sleep(GRACE).await;
        };
        tokio::select! {
            served = served.into_future() => served?,
            () = too_late => {}
        }
        self.save().await.map_err(io::Error::other)
    }

    /// Writes the state file, if there is one. Calls that come while it is being written share the next writing.
    ///
    /// # Errors
    /// When the file cannot be written; the one before is whole then.
    pub async fn save(&self) -> Result<(), StateError> {
        match &self.0.keeper {
            Some(keeper) => keeper.save(self).await,
            None => Ok(()),
        }
    }

    /// Whether this port is the simulator's own.
    pub(crate) fn listens_on(&self, port: u16) -> bool {
        self.port() == Some(port)
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port.get().copied()
    }

    pub(crate) fn jars(&self) -> &phone::Jars {
        &self.0.jars
    }

    pub(crate) fn languages(&self) -> &phone::Languages {
        &self.0.languages
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn dice(&self) -> &Dice {
        &self.0.dice
    }

    /// Apps and people. Held for the length of one call and never across a wait; nothing that holds one of the other
    /// locks may ask for it.
    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn configured(&self) -> &World {
        &self.0.configured
    }

    pub(crate) fn codes(&self) -> &Codes {
        &self.0.codes
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn authorizations(&self) -> &Authorizations {
        &self.0.authorizations
    }

    pub(crate) fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    pub(crate) fn scans(&self) -> &Scans {
        &self.0.scans
    }

    pub(crate) fn scenes(&self) -> &Scenes {
        &self.0.scenes
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    pub(crate) fn subscriptions(&self) -> &Subscriptions {
        &self.0.subscriptions
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    pub(crate) fn courier(&self) -> &Courier {
        &self.0.courier
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(crate) fn calls_log(&self) -> &Calls {
        &self.0.calls
    }
}
