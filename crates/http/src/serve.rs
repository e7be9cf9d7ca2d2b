//! Accepting connections: how many there may be, in all and from one address, and how they end.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use metrics::counter;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_core::limits::network;

use crate::{Gateway, connection};

/// After a failed accept (no file descriptors left, say) we wait for others to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Gateway {
    /// Serves until `shutdown` is ready, then finishes the requests that are under way. Idle connections are closed.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
        let room = Arc::new(Semaphore::new(self.max_connections.max(1)));
        let addresses = Arc::new(Addresses::new(self.max_connections_per_address));
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listener, &room) => accepted,
                () = &mut shutdown => break,
            };
            match accepted {
                Ok((socket, peer, permit)) => {
                    let address = peer.ip().to_canonical();
                    let trusted = self.server.trusted_proxies.contains(address);
                    let Some(place) = Addresses::enter(&addresses, address, trusted) else { continue };
                    let serving = connection::serve(
                        socket,
                        peer,
                        self.router.clone(),
                        Arc::clone(&self.server),
                        stop.clone(),
                    );
                    connections.spawn(async move {
                        serving.await;
                        drop((place, permit));
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    self.server.app.clock.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        stop.cancel();
        connections.close();
        connections.wait().await;
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// How many connections each address has open, so that one cannot have them all.
struct Addresses {
    most: usize,
    open: Mutex<HashMap<IpAddr, Open>>,
}

#[derive(Default)]
struct Open {
    connections: usize,
    /// Whether the log has been told that this address has too many.
    told: bool,
}

/// A connection's place among those of its address.
struct Place(Option<(Arc<Addresses>, IpAddr)>);

impl Addresses {
    fn new(most: usize) -> Self {
        Self { most, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection, if there is one. Behind a proxy that we trust are many.
    fn enter(addresses: &Arc<Self>, address: IpAddr, trusted: bool) -> Option<Place> {
        if trusted || addresses.most == 0 {
            return Some(Place(None));
        }
        let address = network(address);
        let mut all = addresses.open();
        let open = all.entry(address).or_default();
        if open.connections < addresses.most {
            open.connections += 1;
            drop(all);
            return Some(Place(Some((Arc::clone(addresses), address))));
        }
        counter!("weir_http_connections_refused_total").increment(1);
        if !std::mem::replace(&mut open.told, true) {
            tracing::warn!(
                most = addresses.most,
                "an address has server.max_connections_per_address connections open and gets no more: if it is a proxy, \
                 name it in server.trusted_proxies"
            );
        }
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((addresses, address)) = &self.0 else { return };
        let mut all = addresses.open();
        if let Some(open) = all.get_mut(address) {
            open.connections -= 1;
            if open.connections == 0 {
                all.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let addresses = Arc::new(Addresses::new(2));
        let enter = |address: &str| Addresses::enter(&addresses, address.parse().unwrap(), false);
        let (one, two) = (enter("192.0.2.1"), enter("192.0.2.1"));
        assert!(one.is_some() && two.is_some() && enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some(), "another has its own");
        drop(one);
        assert!(enter("192.0.2.1").is_some());
        drop(two);
        assert!(addresses.open().is_empty(), "nothing is kept of who is gone");
    }

    #[test]
    fn a_household_of_ipv6_is_one_address_and_a_trusted_proxy_is_many() {
        let addresses = Arc::new(Addresses::new(1));
        let enter = |address: &str, trusted| Addresses::enter(&addresses, address.parse().unwrap(), trusted);
        let _first = enter("2001:db8:1:1::1", false).unwrap();
        assert!(enter("2001:db8:1:1:ffff::2", false).is_none());
        assert!(enter("2001:db8:1:2::1", false).is_some());
        assert!(enter("2001:db8:1:1::3", true).is_some());
    }

    #[test]
    fn none_is_no_limit() {
        let addresses = Arc::new(Addresses::new(0));
        let all: Vec<_> = (0..50)
            .filter_map(|_| Addresses::enter(&addresses, "192.0.2.1".parse().unwrap(), false))
            .collect();
        assert_eq!(all.len(), 50);
    }
}
