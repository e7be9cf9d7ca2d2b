use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{
    QrRow,
    model::{PhoneRow, QrKind},
};
use crate::{
    account::UserId,
    binding::Account,
    host::{HostId, Realm},
};

row! {
    /// A QR code that has changed lately.
    pub struct ChangedRow {
        pub session_id: String,
        pub version: i64,
        pub updated_at: Timestamp,
    }
}

statements! {
    write fn insert(session: &str, kind: QrKind, realm: Option<Realm>, user: Option<&HostId>, label: &str, image: &str, token: &str, poll: Option<&str>, browser: &str, address: &str, expires_at: Timestamp, now: Timestamp) -> one QrRow =
        "INSERT INTO wechat_qr_sessions (session_id, kind, realm, user_id, account_label, qr_code_data, status, version, token_digest, poll_digest, asked_browser, asked_address, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', 1, $7, $8, $9, $10, $11, $12, $12)
         RETURNING id, session_id, user_id, qr_code_data, status, version, expires_at, created_at";
    read fn of_user(session: &str, realm: Realm, user: &HostId) -> optional QrRow =
        "SELECT id, session_id, user_id, qr_code_data, status, version, expires_at, created_at FROM wechat_qr_sessions
         WHERE session_id = $1 AND realm = $2 AND user_id = $3";
    read fn by_id(session: &str) -> optional QrRow =
        "SELECT id, session_id, user_id, qr_code_data, status, version, expires_at, created_at FROM wechat_qr_sessions
         WHERE session_id = $1";
    read fn by_token(token: &str) -> optional PhoneRow =
        "SELECT session_id, kind, realm, user_id, account_label, status, phone_digest, code_digest, appid, platform, openid, unionid, nickname, avatar_url,
            poll_digest, consumed_at, asked_browser, asked_address, expires_at, created_at
         FROM wechat_qr_sessions WHERE token_digest = $1";
    read fn by_state(state: &str) -> optional PhoneRow =
        "SELECT session_id, kind, realm, user_id, account_label, status, phone_digest, code_digest, appid, platform, openid, unionid, nickname, avatar_url,
            poll_digest, consumed_at, asked_browser, asked_address, expires_at, created_at
         FROM wechat_qr_sessions WHERE state_digest = $1";
    read fn by_session(session: &str) -> optional PhoneRow =
        "SELECT session_id, kind, realm, user_id, account_label, status, phone_digest, code_digest, appid, platform, openid, unionid, nickname, avatar_url,
            poll_digest, consumed_at, asked_browser, asked_address, expires_at, created_at
         FROM wechat_qr_sessions WHERE session_id = $1";
    /// Of many phones at once, one scans.
    write fn scan(token: &str, phone: &str, state: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET status = 'scanned', phone_digest = $2, state_digest = $3, version = version + 1, updated_at = $4
         WHERE token_digest = $1 AND status = 'pending' AND expires_at > $4";
    /// The same phone again: it begins anew, with a new state.
    write fn scan_again(token: &str, phone: &str, state: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET state_digest = $3, code_digest = NULL, appid = NULL, platform = NULL, openid = NULL, unionid = NULL, nickname = NULL, avatar_url = NULL
         WHERE token_digest = $1 AND status = 'scanned' AND phone_digest = $2 AND expires_at > $4";
    /// A state is good for one code.
    write fn take_code(state: &str, code: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET code_digest = $2
         WHERE state_digest = $1 AND status = 'scanned' AND code_digest IS NULL AND expires_at > $3";
    /// Signing in goes on without the cookie, which some web views lose; the phone is asked before anything happens.
    write fn adopt(state: &str, code: &str, phone: &str) -> affected =
        "UPDATE wechat_qr_sessions SET phone_digest = $3 WHERE state_digest = $1 AND kind = 'login' AND status = 'scanned' AND code_digest = $2";
    write fn prove(session: &str, code: &str, appid: &str, platform: &str, openid: &str, unionid: Option<&str>, nickname: Option<&str>, avatar: Option<&str>, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET appid = $3, platform = $4, openid = $5, unionid = $6, nickname = $7, avatar_url = $8
         WHERE session_id = $1 AND status = 'scanned' AND code_digest = $2 AND expires_at > $9";
    write fn confirm(session: &str, phone: &str, code: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET status = 'confirmed', version = version + 1, updated_at = $4
         WHERE session_id = $1 AND phone_digest = $2 AND code_digest = $3 AND openid IS NOT NULL AND status = 'scanned' AND expires_at > $4";
    write fn refuse(session: &str, phone: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET status = 'refused', version = version + 1, updated_at = $3
         WHERE session_id = $1 AND phone_digest = $2 AND status = 'scanned' AND expires_at > $3";
    /// In the transaction of a confirmation whose binding cannot be.
    write fn take_back(session: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET status = 'refused', updated_at = $2 WHERE session_id = $1 AND status = 'confirmed'";
    /// Hands a confirmed sign-in to one browser, once.
    write fn consume(session: &str, now: Timestamp) -> affected =
        "UPDATE wechat_qr_sessions SET consumed_at = $2 WHERE session_id = $1 AND kind = 'login' AND status = 'confirmed' AND consumed_at IS NULL";
    /// What other replicas may have changed, newest first.
    read fn changed(since: Timestamp, limit: i64) -> many ChangedRow =
        "SELECT session_id, version, updated_at FROM wechat_qr_sessions WHERE updated_at > $1 AND status <> 'pending' ORDER BY updated_at DESC LIMIT $2";
    /// The account that this user has confirmed on a phone lately.
    read fn proven(realm: Realm, user: &HostId, openid: &str, since: Timestamp) -> optional Account =
        "SELECT appid, platform, openid, unionid, nickname, avatar_url FROM wechat_qr_sessions
         WHERE user_id = $2 AND realm = $1 AND kind = 'bind' AND status = 'confirmed' AND openid = $3 AND updated_at > $4
         ORDER BY updated_at DESC LIMIT 1";
    write fn forget_openids(user: UserId) -> affected =
        "DELETE FROM wechat_qr_sessions WHERE openid IN (SELECT openid FROM identities WHERE user_id = $1)";
    write fn forget_unionids(user: UserId) -> affected =
        "DELETE FROM wechat_qr_sessions WHERE unionid IN (SELECT unionid FROM unions WHERE user_id = $1)";
    write fn forget_openid(appid: &str, openid: &str) -> affected =
        "DELETE FROM wechat_qr_sessions WHERE openid = $2 AND appid = $1";
    write fn forget_own(realm: Realm, user: &HostId) -> affected =
        "DELETE FROM wechat_qr_sessions WHERE user_id = $2 AND realm = $1";
    write fn delete_expired(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM wechat_qr_sessions WHERE id IN (SELECT id FROM wechat_qr_sessions WHERE expires_at < $1 LIMIT $2)";
}
