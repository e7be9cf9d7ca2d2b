use weir_base::Timestamp;
use weir_store::{row, statements};

use super::Kind;

row! {
    pub struct AppTokenRow {
        pub version: i64,
        pub token: Option<String>,
        pub expires_at: Timestamp,
        /// The newest version that WeChat called invalid.
        pub invalid_version: i64,
        pub lease_until: Timestamp,
        /// Nobody asks WeChat before this.
        pub retry_at: Timestamp,
        /// WeChat gave the same again: nobody looks for the next before this.
        pub same_until: Timestamp,
        pub failures: i64,
        pub hour_started_at: Timestamp,
        pub hour_refreshes: i64,
        /// The token before this one, and until when WeChat takes it.
        pub previous_token: Option<String>,
        pub previous_until: Timestamp,
    }
}

statements! {
    write fn ensure(appid: &str, kind: Kind, now: Timestamp) -> affected =
        "INSERT INTO app_tokens (appid, kind, version, expires_at, invalid_version, previous_until, lease_until, retry_at, same_until, failures, hour_started_at, hour_refreshes, updated_at)
         VALUES ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, $3, 0, $3) ON CONFLICT (appid, kind) DO NOTHING";
    read fn find(appid: &str, kind: Kind) -> optional AppTokenRow =
        "SELECT version, token, expires_at, invalid_version, lease_until, retry_at, same_until, failures, hour_started_at, hour_refreshes, previous_token, previous_until
         FROM app_tokens WHERE appid = $1 AND kind = $2";
    /// The right to fetch the version after `version`, of a row that has seen so many refusals. A lease beyond
    /// `longest_lease` and a bar beyond `longest_bar` are void. Tells the row as it is under the lease.
    write fn lease(appid: &str, kind: Kind, version: i64, failures: i64, lease: &str, until: Timestamp, longest_lease: Timestamp, longest_bar: Timestamp, now: Timestamp) -> optional AppTokenRow =
        "UPDATE app_tokens SET lease = $5, lease_until = $6, updated_at = $9
         WHERE appid = $1 AND kind = $2 AND version = $3 AND failures = $4
            AND (lease_until <= $9 OR lease_until > $7) AND (retry_at <= $9 OR retry_at > $8)
            AND (same_until <= $9 OR invalid_version = version)
         RETURNING version, token, expires_at, invalid_version, lease_until, retry_at, same_until, failures, hour_started_at, hour_refreshes, previous_token, previous_until";
    /// The next version, from whoever still holds the lease. A late answer finds the lease gone and writes nothing.
    write fn replace(appid: &str, kind: Kind, version: i64, lease: &str, token: &str, expires_at: Timestamp, hour_started_at: Timestamp, hour_refreshes: i64, previous_until: Timestamp, now: Timestamp) -> affected =
        "UPDATE app_tokens SET version = version + 1, previous_token = token, previous_until = $9, token = $5, expires_at = $6,
            lease = NULL, lease_until = 0, retry_at = 0, same_until = 0, failures = 0, hour_started_at = $7, hour_refreshes = $8, updated_at = $10
         WHERE appid = $1 AND kind = $2 AND version = $3 AND lease = $4";
    /// WeChat gave the same token again.
    write fn keep(appid: &str, kind: Kind, version: i64, lease: &str, same_until: Timestamp, now: Timestamp) -> affected =
        "UPDATE app_tokens SET lease = NULL, lease_until = 0, retry_at = 0, failures = 0, same_until = $5, updated_at = $6
         WHERE appid = $1 AND kind = $2 AND version = $3 AND lease = $4";
    /// WeChat gave no token: nobody tries before `retry_at`.
    write fn fail(appid: &str, kind: Kind, version: i64, lease: &str, retry_at: Timestamp, failures: i64, now: Timestamp) -> affected =
        "UPDATE app_tokens SET lease = NULL, lease_until = 0, retry_at = $5, failures = $6, updated_at = $7
         WHERE appid = $1 AND kind = $2 AND version = $3 AND lease = $4";
    /// WeChat called this version invalid. Reports about older versions change nothing.
    write fn report_invalid(appid: &str, kind: Kind, version: i64, now: Timestamp) -> affected =
        "UPDATE app_tokens SET invalid_version = $3, updated_at = $4
         WHERE appid = $1 AND kind = $2 AND version = $3 AND invalid_version < $3";
}
