//! The cases: what is asked.

use std::{fmt, time::Duration};

use crate::stage::Engine;

/// How long WeChat takes in the slow case, and how many connections wait for it.
pub const SLOW: Duration = Duration::from_millis(20);
pub const SLOW_CONNECTIONS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// The bare server.
    Limit,
    /// The simulator's `jscode2session` by itself.
    Exchange,
    /// `GET /api/v1/users/me` with the tokens of many sessions.
    Me,
    /// `GET /wechat/jsconfig` for many pages.
    JsConfig,
    /// `GET /api/wechat/binding` of many users of a host application.
    Binding,
    /// `GET /api/wechat/status/{id}` of many open QR codes.
    QrStatus,
    /// `POST /api/wechat/generate-qr`, each of a user of its own.
    GenerateQr,
    /// `POST /api/v1/auth/refresh`: every connection refreshes a session of its own.
    Refresh,
    /// `POST /api/v1/auth/wx-login`, WeChat answering at once.
    Login,
    /// The same with WeChat answering after [`SLOW`], on [`SLOW_CONNECTIONS`].
    SlowLogin,
    /// `POST /api/wechat/auth`, WeChat answering at once.
    WebAuth,
}

/// In the order of a round.
pub const SCENARIOS: [Scenario; 11] = [
    Scenario::Limit,
    Scenario::Exchange,
    Scenario::Me,
    Scenario::JsConfig,
    Scenario::Binding,
    Scenario::QrStatus,
    Scenario::GenerateQr,
    Scenario::Refresh,
    Scenario::Login,
    Scenario::SlowLogin,
    Scenario::WebAuth,
];

impl Scenario {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Exchange => "exchange",
            Self::Me => "me",
            Self::JsConfig => "jsconfig",
            Self::Binding => "binding",
            Self::QrStatus => "qr-status",
            Self::GenerateQr => "generate-qr",
            Self::Refresh => "refresh",
            Self::Login => "wx-login",
            Self::SlowLogin => "wx-login-slow",
            Self::WebAuth => "web-auth",
        }
    }

    pub fn is_paced(self) -> bool {
        !matches!(self, Self::Exchange | Self::SlowLogin)
    }

    /// Whether each answer costs a call to WeChat.
    pub fn calls_wechat(self) -> bool {
        matches!(self, Self::Login | Self::SlowLogin | Self::WebAuth)
    }

    /// Answers a second to expect of the first round, of which nothing is known yet.
    pub fn guess(self) -> f64 {
        match self {
            Self::Exchange => 40_000.0,
            Self::SlowLogin => SLOW_CONNECTIONS as f64 / SLOW.as_secs_f64(),
            _ => 12_000.0,
        }
    }
}

/// A scenario, on an engine where that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    pub scenario: Scenario,
    pub engine: Option<Engine>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scenario.name())?;
        match self.engine {
            Some(engine) => write!(f, ", {engine}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_named_with_their_engine() {
        let case = Case { scenario: Scenario::Login, engine: Some(Engine::Postgres) };
        assert_eq!(case.to_string(), "wx-login, PostgreSQL");
        assert_eq!(Case { scenario: Scenario::Limit, engine: None }.to_string(), "limit");
    }
}
