//! Open files. Each connection is one, each call to WeChat is another, and the database needs its own: with none left
//! nobody is served, so connections must not use them up.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// For what is not a connection: the database, logs, the listener.
const RESERVED: u64 = 64;

/// Raises the limit of open files as far as the system lets us, and tells how many of `wanted` connections fit.
pub(crate) fn room_for(wanted: usize) -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    let limit = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    let room = wanted.min(connections(limit));
    if room < wanted {
        tracing::warn!(
            open_files = limit,
            connections = room,
            "server.max_connections is more than the limit of open files has room for: raise the limit (ulimit -n, LimitNOFILE)"
        );
    }
    room
}

/// Each connection may be waiting for a call to WeChat, which takes a file of its own.
fn connections(limit: u64) -> usize {
    let free = limit.saturating_sub(RESERVED.min(limit / 2));
    usize::try_from(free / 2).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(connections(64), 16);
        assert_eq!(connections(1024), 480);
        assert!(connections(524_288) >= 20_000);
        assert!(connections(u64::MAX) >= 20_000);
    }
}
