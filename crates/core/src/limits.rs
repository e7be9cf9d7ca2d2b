//! Rate limits: per client address, per openid and per user. A login that WeChat confirms costs little, one that it refuses costs
//! much, because many honest people share an address and whoever guesses codes does not succeed.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos, state::keyed::DashMapStateStore,
};
use weir_base::{Clock, Timestamp, settings};

use crate::{Code, Failure, Outcome, account::UserId};

settings! {
    /// How much a stranger may ask of us, and a signed-in user of WeChat.
    pub struct LimitSettings in "limits" {
        /// Whether requests are limited at all. Turn it off only behind something that limits.
        enabled: bool = true,
        /// Unauthenticated requests a minute from one address (an IPv6 /64 counts as one).
        requests_per_minute: u32 = 6000,
        /// Refused logins a minute from one address. Then the address waits.
        failures_per_minute: u32 = 120,
        /// Logins a minute of one openid.
        logins_per_openid_per_minute: u32 = 300,
        /// Requests a minute of one signed-in user that cost a call to WeChat: `auth/phone` and `auth/session` together.
        wechat_calls_per_user_per_minute: u32 = 30,
        /// Decryptions a minute of one signed-in user: `auth/decrypt`.
        decryptions_per_user_per_minute: u32 = 120,
        /// QR codes a minute for one host user, each of which stays open for binding.qr_timeout.
        qr_codes_per_user_per_minute: u32 = 60,
    }
}

/// In a sandbox the limits are this many times wider: load tests run there.
const SANDBOX_FACTOR: u32 = 10_000;
/// Keys are swept out after this many checks, so that strangers cannot make the tables grow.
const SWEEP_EVERY: u32 = 8192;

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, SteadyClock, NoOpMiddleware<Nanos>>;

pub struct Limits {
    enabled: bool,
    requests: Keyed<IpAddr>,
    /// Apart from the logins, so that a flood of those does not fail a probe of our health.
    looks: Keyed<IpAddr>,
    failures: Keyed<IpAddr>,
    /// Addresses that used up their failures, and until when they wait.
    barred: Mutex<HashMap<IpAddr, Duration>>,
    openids: Keyed<String>,
    wechat_calls: Keyed<UserId>,
    decryptions: Keyed<UserId>,
    qr_codes: Keyed<String>,
    checks: AtomicU32,
    clock: SteadyClock,
}

/// Time that never goes back: a clock that is set back must not make everybody wait until it is where it was.
#[derive(Clone, Debug)]
struct SteadyClock(Arc<Steady>);

#[derive(Debug)]
struct Steady {
    clock: Clock,
    /// When it was last looked at, and how much time had passed by then.
    seen: Mutex<(Timestamp, Duration)>,
}

impl SteadyClock {
    fn new(clock: Clock) -> Self {
        let seen = Mutex::new((clock.now(), Duration::ZERO));
        Self(Arc::new(Steady { clock, seen }))
    }

    /// How much time has passed since the start.
    fn passed(&self) -> Duration {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        *seen = (now, seen.1 + now.since(seen.0));
        seen.1
    }
}

impl governor::clock::Clock for SteadyClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.passed().into()
    }
}

impl Limits {
    pub fn new(settings: &LimitSettings, sandbox: bool, clock: Clock) -> Self {
        let factor = if sandbox { SANDBOX_FACTOR } else { 1 };
        let wide = |per_minute: u32| per_minute.saturating_mul(factor);
        let clock = SteadyClock::new(clock);
        Self {
            enabled: settings.enabled,
            requests: keyed(wide(settings.requests_per_minute), &clock),
            looks: keyed(wide(settings.requests_per_minute), &clock),
            failures: keyed(wide(settings.failures_per_minute), &clock),
            barred: Mutex::default(),
            openids: keyed(wide(settings.logins_per_openid_per_minute), &clock),
            wechat_calls: keyed(wide(settings.wechat_calls_per_user_per_minute), &clock),
            decryptions: keyed(wide(settings.decryptions_per_user_per_minute), &clock),
            qr_codes: keyed(wide(settings.qr_codes_per_user_per_minute), &clock),
            checks: AtomicU32::new(0),
            clock,
        }
    }

    /// One more unauthenticated request from `address`.
    pub fn request(&self, address: IpAddr) -> Outcome<()> {
        if !self.enabled {
            return Ok(());
        }
        self.sweep();
        let address = network(address);
        check(&self.requests, &address)?;
        let until = self.barred.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied();
        match until.map(|until| until.saturating_sub(self.clock.passed())) {
            Some(wait) if !wait.is_zero() => Err(limited(wait)),
            _ => Ok(()),
        }
    }

    /// One more look at what is open to all (health, metrics, keys, the API's description) from `address`.
    pub fn look(&self, address: IpAddr) -> Outcome<()> {
        if !self.enabled {
            return Ok(());
        }
        self.sweep();
        check(&self.looks, &network(address))
    }

    /// WeChat refused a login from `address`, or a key or token that it sent was wrong.
    pub fn failure(&self, address: IpAddr) {
        if !self.enabled {
            return;
        }
        let address = network(address);
        if let Err(Failure { retry_after: Some(wait), .. }) = check(&self.failures, &address) {
            let until = self.clock.passed() + wait;
            self.barred.lock().unwrap_or_else(PoisonError::into_inner).insert(address, until);
        }
    }

    /// One more login of `openid`, which WeChat has confirmed.
    pub fn login(&self, openid: &str) -> Outcome<()> {
        if !self.enabled {
            return Ok(());
        }
        check(&self.openids, &openid.to_owned())
    }

    /// One more call to WeChat on behalf of `user`, who is signed in.
    pub fn wechat_call(&self, user: UserId) -> Outcome<()> {
        self.of_user(&self.wechat_calls, user)
    }

    /// One more decryption for `user`, who is signed in.
    pub fn decryption(&self, user: UserId) -> Outcome<()> {
        self.of_user(&self.decryptions, user)
    }

    /// One more QR code of a host user.
    pub fn qr(&self, user: &str) -> Outcome<()> {
        if !self.enabled {
            return Ok(());
        }
        self.sweep();
        check(&self.qr_codes, &user.to_owned())
    }

    fn of_user(&self, limiter: &Keyed<UserId>, user: UserId) -> Outcome<()> {
        if !self.enabled {
            return Ok(());
        }
        self.sweep();
        check(limiter, &user)
    }

    fn sweep(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.requests.retain_recent();
            self.looks.retain_recent();
            self.failures.retain_recent();
            self.openids.retain_recent();
            self.wechat_calls.retain_recent();
            self.decryptions.retain_recent();
            self.qr_codes.retain_recent();
            let now = self.clock.passed();
            self.barred.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
        }
    }
}

fn keyed<K: std::hash::Hash + Eq + Clone>(per_minute: u32, clock: &SteadyClock) -> Keyed<K> {
    let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
    RateLimiter::new(Quota::per_minute(per_minute), DashMapStateStore::default(), clock.clone())
}

fn check<K: std::hash::Hash + Eq + Clone>(limiter: &Keyed<K>, key: &K) -> Outcome<()> {
    use governor::clock::Clock as _;
    limiter.check_key(key).map_err(|wait| limited(wait.wait_time_from(limiter.clock().now())))
}

fn limited(wait: Duration) -> Failure {
    Failure::new(Code::RateLimited).retry_after(wait.max(Duration::from_secs(1)))
}

/// What counts as one address: a household has a whole /64 of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
    }
}
