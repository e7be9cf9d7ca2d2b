use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{Account, Binding};
use crate::{
    account::UserId,
    host::{HostId, Realm},
};

row! {
    /// Whom a WeChat account is bound to.
    pub struct BoundRow {
        pub id: i64,
        pub realm: Realm,
        pub user_id: HostId,
    }
}

statements! {
    /// Nothing when the user or the WeChat account is bound already: the indexes decide, whoever was first.
    write fn insert(realm: Realm, user: &HostId, appid: &str, platform: &str, openid: &str, unionid: Option<&str>, nickname: Option<&str>, avatar: Option<&str>, now: Timestamp) -> optional Binding =
        "INSERT INTO wechat_bindings (realm, user_id, appid, platform, wechat_openid, wechat_unionid, nickname, avatar_url, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9, $9) ON CONFLICT DO NOTHING
         RETURNING id, user_id, wechat_openid, wechat_unionid, nickname, avatar_url, is_active, created_at, updated_at";
    read fn active(realm: Realm, user: &HostId) -> optional Binding =
        "SELECT id, user_id, wechat_openid, wechat_unionid, nickname, avatar_url, is_active, created_at, updated_at
         FROM wechat_bindings WHERE realm = $1 AND user_id = $2 AND is_active";
    read fn by_openid(appid: &str, openid: &str) -> optional BoundRow =
        "SELECT id, realm, user_id FROM wechat_bindings WHERE appid = $1 AND wechat_openid = $2 AND is_active";
    read fn by_unionid(platform: &str, unionid: &str) -> optional BoundRow =
        "SELECT id, realm, user_id FROM wechat_bindings WHERE platform = $1 AND wechat_unionid = $2 AND is_active";
    /// Nobody ends the binding before the transaction ends. Nothing when it has ended.
    write fn hold(id: i64) -> affected = "UPDATE wechat_bindings SET is_active = TRUE WHERE id = $1 AND is_active";
    write fn unbind(realm: Realm, user: &HostId, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, updated_at = $3 WHERE realm = $1 AND user_id = $2 AND is_active";
    /// What a code has proven, for those who bind it later.
    write fn record_proof(realm: Realm, user: &HostId, appid: &str, platform: &str, openid: &str, unionid: Option<&str>, nickname: Option<&str>, avatar: Option<&str>, now: Timestamp) -> affected =
        "INSERT INTO proofs (realm, user_id, appid, platform, openid, unionid, nickname, avatar_url, proven_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (realm, user_id, appid, openid) DO UPDATE SET platform = $4, unionid = $6, nickname = $7, avatar_url = $8, proven_at = $9";
    read fn proof(realm: Realm, user: &HostId, openid: &str, since: Timestamp) -> optional Account =
        "SELECT appid, platform, openid, unionid, nickname, avatar_url FROM proofs
         WHERE realm = $1 AND user_id = $2 AND openid = $3 AND proven_at > $4 ORDER BY proven_at DESC LIMIT 1";
    /// The account behind a user token, with its unionid when WeChat has told one.
    read fn identity(appid: &str, openid: &str) -> optional Account =
        "SELECT appid, platform, openid, unionid, CAST(NULL AS TEXT) AS nickname, CAST(NULL AS TEXT) AS avatar_url
         FROM identities WHERE appid = $1 AND openid = $2";
    /// The rows of a person who is erased: what was bound, no more by whom.
    write fn forget_openids(user: UserId, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, wechat_openid = '', wechat_unionid = NULL, nickname = NULL, avatar_url = NULL, updated_at = $2
         WHERE wechat_openid IN (SELECT openid FROM identities WHERE user_id = $1)";
    /// What is bound to a person by unionid.
    read fn by_unionids(user: UserId) -> many BoundRow =
        "SELECT id, realm, user_id FROM wechat_bindings
         WHERE wechat_unionid IN (SELECT unionid FROM unions WHERE user_id = $1) AND is_active";
    write fn forget_unionids(user: UserId, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, wechat_openid = '', wechat_unionid = NULL, nickname = NULL, avatar_url = NULL, updated_at = $2
         WHERE wechat_unionid IN (SELECT unionid FROM unions WHERE user_id = $1)";
    write fn forget_openid(appid: &str, openid: &str, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, wechat_openid = '', wechat_unionid = NULL, nickname = NULL, avatar_url = NULL, updated_at = $3
         WHERE wechat_openid = $2 AND appid = $1";
    write fn forget_unionid(platform: &str, unionid: &str, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, wechat_openid = '', wechat_unionid = NULL, nickname = NULL, avatar_url = NULL, updated_at = $3
         WHERE wechat_unionid = $2 AND platform = $1";
    write fn forget_looks(appid: &str, openid: &str, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET nickname = NULL, avatar_url = NULL, updated_at = $3 WHERE wechat_openid = $2 AND appid = $1";
    write fn forget_proofs_of(appid: &str, openid: &str) -> affected =
        "DELETE FROM proofs WHERE openid = $2 AND appid = $1";
    write fn forget_own(realm: Realm, user: &HostId, now: Timestamp) -> affected =
        "UPDATE wechat_bindings SET is_active = FALSE, wechat_openid = '', wechat_unionid = NULL, nickname = NULL, avatar_url = NULL, updated_at = $3
         WHERE realm = $1 AND user_id = $2";
    write fn forget_proofs(user: UserId) -> affected =
        "DELETE FROM proofs WHERE openid IN (SELECT openid FROM identities WHERE user_id = $1)";
    write fn forget_proofs_by_unionid(user: UserId) -> affected =
        "DELETE FROM proofs WHERE unionid IN (SELECT unionid FROM unions WHERE user_id = $1)";
    write fn forget_own_proofs(realm: Realm, user: &HostId) -> affected =
        "DELETE FROM proofs WHERE realm = $1 AND user_id = $2";
    write fn delete_old_proofs(before: Timestamp) -> affected = "DELETE FROM proofs WHERE proven_at < $1";
}
