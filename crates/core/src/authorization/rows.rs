use weir_base::Timestamp;
use weir_store::statements;

use super::model::{Authorization, StateRow};
use crate::account::UserId;

statements! {
    write fn write(appid: &str, openid: &str, nickname: &str, headimgurl: &str, sex: i64, language: &str, country: &str, province: &str, city: &str, privilege: &str, now: Timestamp, expires_at: Timestamp) -> affected =
        "INSERT INTO authorizations (appid, openid, nickname, headimgurl, sex, language, country, province, city, privilege, login_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (appid, openid) DO UPDATE SET nickname = $3, headimgurl = $4, sex = $5, language = $6, country = $7,
            province = $8, city = $9, privilege = $10, login_at = $11, expires_at = $12";
    /// A silent consent tells nothing new: what was known stays.
    write fn renew(appid: &str, openid: &str, now: Timestamp, expires_at: Timestamp) -> affected =
        "INSERT INTO authorizations (appid, openid, nickname, headimgurl, sex, language, country, province, city, privilege, login_at, expires_at)
         VALUES ($1, $2, '', '', 0, '', '', '', '', '[]', $3, $4)
         ON CONFLICT (appid, openid) DO UPDATE SET login_at = $3, expires_at = $4";
    read fn find(openid: &str) -> optional Authorization =
        "SELECT openid, nickname, headimgurl, sex, language, country, province, city, privilege, login_at, expires_at
         FROM authorizations WHERE openid = $1 ORDER BY login_at DESC LIMIT 1";
    /// Whether this openid, in whatever app, is the user's.
    read fn is_of(openid: &str, user: UserId) -> one i64 =
        "SELECT COUNT(*) FROM authorizations a JOIN identities i ON i.appid = a.appid AND i.openid = a.openid
         WHERE a.openid = $1 AND i.user_id = $2";
    write fn delete_of_openid(appid: &str, openid: &str) -> affected =
        "DELETE FROM authorizations WHERE appid = $1 AND openid = $2";
    write fn forget_looks(appid: &str, openid: &str) -> affected =
        "UPDATE authorizations SET nickname = '', headimgurl = '' WHERE appid = $1 AND openid = $2";

    write fn insert_state(state_digest: &str, browser_digest: &str, appid: &str, redirect: Option<&str>, relay: Option<&str>, client_state: Option<&str>, code_challenge: Option<&str>, expires_at: Timestamp) -> affected =
        "INSERT INTO oauth_states (state_digest, browser_digest, appid, redirect, relay, client_state, code_challenge, code_digest, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";
    read fn find_state(state_digest: &str, now: Timestamp) -> optional StateRow =
        "SELECT browser_digest, appid, redirect, relay, client_state, code_challenge FROM oauth_states WHERE state_digest = $1 AND expires_at > $2";
    /// Whether a browser has asked for a state that has not come back yet.
    read fn waits(browser_digest: &str, now: Timestamp) -> one i64 =
        "SELECT COUNT(*) FROM oauth_states WHERE browser_digest = $1 AND expires_at > $2 AND code_digest IS NULL";
    /// A state is good for the code that it came with first; with that one again it gets the same answer.
    write fn take_state(state_digest: &str, code_digest: &str, now: Timestamp) -> affected =
        "UPDATE oauth_states SET code_digest = $2
         WHERE state_digest = $1 AND expires_at > $3 AND (code_digest IS NULL OR code_digest = $2)";
    write fn delete_states(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM oauth_states WHERE state_digest IN (SELECT state_digest FROM oauth_states WHERE expires_at < $1 LIMIT $2)";

    write fn insert_relay(code_digest: &str, person: &str, person_digest: &str, expires_at: Timestamp) -> affected =
        "INSERT INTO relay_codes (code_digest, person, person_digest, expires_at) VALUES ($1, $2, $3, $4)";
    write fn delete_relays_of(person_digest: &str) -> affected = "DELETE FROM relay_codes WHERE person_digest = $1";
    write fn take_relay(code_digest: &str, now: Timestamp) -> optional String =
        "DELETE FROM relay_codes WHERE code_digest = $1 AND expires_at > $2 RETURNING person";
    write fn delete_relays(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM relay_codes WHERE code_digest IN (SELECT code_digest FROM relay_codes WHERE expires_at < $1 LIMIT $2)";
}
