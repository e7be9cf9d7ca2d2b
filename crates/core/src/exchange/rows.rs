use weir_base::Timestamp;
use weir_store::{row, statements};

use super::model::{ExchangeState, FailedBecause};

row! {
    pub struct ExchangeRow {
        pub state: ExchangeState,
        pub result: Option<String>,
        pub lease_until: Timestamp,
        pub attempts: i64,
        pub why: Option<FailedBecause>,
        /// Who came first, as [`super::Asker`] writes it.
        pub asker: Option<String>,
    }
}

statements! {
    read fn find(code_digest: &str, now: Timestamp) -> optional ExchangeRow =
        "SELECT state, result, lease_until, attempts, why, asker FROM exchanges WHERE code_digest = $1 AND expires_at > $2";
    /// The right to exchange a code: nobody has come with it yet, or so long ago that it is forgotten.
    write fn claim(code_digest: &str, lease: &str, lease_until: Timestamp, expires_at: Timestamp, asker: Option<&str>, now: Timestamp) -> affected =
        "INSERT INTO exchanges (code_digest, state, lease, lease_until, result, expires_at, asker) VALUES ($1, 'open', $2, $3, NULL, $4, $5)
         ON CONFLICT (code_digest) DO UPDATE SET state = 'open', lease = $2, lease_until = $3, result = NULL, expires_at = $4,
            asker = $5, attempts = 0, why = NULL
         WHERE exchanges.expires_at <= $6";
    /// The right to go on where somebody failed or died.
    write fn take_over(code_digest: &str, lease: &str, lease_until: Timestamp, now: Timestamp) -> affected =
        "UPDATE exchanges SET state = CASE WHEN state = 'exchanged' THEN state ELSE 'open' END, lease = $2, lease_until = $3
         WHERE code_digest = $1 AND state <> 'done' AND lease_until <= $4";
    /// A step further, from whoever still holds the lease; `lease_until` of 0 lets go of it.
    write fn advance(code_digest: &str, lease: &str, state: ExchangeState, result: &str, person_digest: Option<&str>, lease_until: Timestamp) -> affected =
        "UPDATE exchanges SET state = $3, result = $4, person_digest = $5, lease_until = $6
         WHERE code_digest = $1 AND lease = $2 AND state <> 'done'";
    /// What is kept of somebody who leaves. Their codes are spent: WeChat refuses them from now on.
    write fn delete_of(person_digest: &str) -> affected = "DELETE FROM exchanges WHERE person_digest = $1";
    /// An attempt to read the profile has failed. Whoever comes later may make the next at once.
    write fn let_go(code_digest: &str, lease: &str, why: FailedBecause) -> affected =
        "UPDATE exchanges SET lease_until = 0, attempts = attempts + 1, why = $3 WHERE code_digest = $1 AND lease = $2 AND state <> 'done'";
    write fn delete_expired(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM exchanges WHERE code_digest IN (SELECT code_digest FROM exchanges WHERE expires_at < $1 LIMIT $2)";
}
