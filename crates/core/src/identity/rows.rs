use weir_base::Timestamp;
use weir_store::{row, statements};

use super::IdentityId;
use crate::account::{Profile, UserId};

row! {
    /// An identity with the account it belongs to.
    pub struct KnownRow {
        pub identity_id: IdentityId,
        pub unionid: Option<String>,
        pub session_key_digest: Option<String>;
        pub profile: Profile
    }
}

row! {
    /// The last two session_keys of an identity, sealed, newest first.
    pub struct KeysRow {
        pub id: IdentityId,
        pub session_key: Option<String>,
        pub previous_session_key: Option<String>,
    }
}

row! {
    pub struct IdentityRow {
        pub id: IdentityId,
        pub unionid: Option<String>,
    }
}

row! {
    /// What a person is called in an app.
    pub struct NameRow {
        pub appid: String,
        pub openid: String,
    }
}

statements! {
    /// Somebody in this app whose unionid is known, if there is anybody.
    read fn with_unionid(appid: &str) -> optional IdentityRow =
        "SELECT id, unionid FROM identities WHERE appid = $1 AND unionid IS NOT NULL LIMIT 1";
    /// Somebody in this app whose unionid is not known, if there is anybody.
    read fn without_unionid(appid: &str) -> optional IdentityRow =
        "SELECT id, unionid FROM identities WHERE appid = $1 AND unionid IS NULL LIMIT 1";
    /// For a transaction that goes on to write: until it ends nobody erases or merges the account.
    read fn known(appid: &str, openid: &str) -> optional KnownRow =
        sqlite "SELECT i.id AS identity_id, i.unionid, i.session_key_digest, u.id, u.nickname, u.avatar, u.bio, u.recipe_count,
            u.follower_count, u.following_count, u.favorite_count, u.created_at, u.updated_at
         FROM identities i JOIN users u ON u.id = i.user_id WHERE i.appid = $1 AND i.openid = $2 AND u.state = 'active'",
        postgres "SELECT i.id AS identity_id, i.unionid, i.session_key_digest, u.id, u.nickname, u.avatar, u.bio, u.recipe_count,
            u.follower_count, u.following_count, u.favorite_count, u.created_at, u.updated_at
         FROM identities i JOIN users u ON u.id = i.user_id WHERE i.appid = $1 AND i.openid = $2 AND u.state = 'active'
         FOR NO KEY UPDATE OF u";
    /// Nothing is written when somebody was faster.
    write fn insert(id: &IdentityId, user: UserId, appid: &str, openid: &str, platform: &str, unionid: Option<&str>, session_key: Option<&str>, digest: Option<&str>, now: Timestamp) -> affected =
        "INSERT INTO identities (id, user_id, appid, openid, platform, unionid, session_key, session_key_digest, session_key_version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9) ON CONFLICT (appid, openid) DO NOTHING";
    /// Keeps the key that is replaced. A key that we have already changes nothing.
    write fn replace_session_key(id: &IdentityId, session_key: &str, digest: &str, now: Timestamp) -> affected =
        "UPDATE identities SET previous_session_key = session_key, session_key = $2, session_key_digest = $3,
            session_key_version = session_key_version + 1, updated_at = $4
         WHERE id = $1 AND session_key_digest IS DISTINCT FROM $3";
    write fn set_unionid(id: &IdentityId, platform: &str, unionid: &str, now: Timestamp) -> affected =
        "UPDATE identities SET platform = $2, unionid = $3, updated_at = $4 WHERE id = $1 AND unionid IS DISTINCT FROM $3";
    /// Whose a name is.
    read fn owner(appid: &str, openid: &str) -> optional UserId =
        "SELECT user_id FROM identities WHERE appid = $1 AND openid = $2";
    read fn session_keys(appid: &str, openid: &str) -> optional KeysRow =
        "SELECT id, session_key, previous_session_key FROM identities WHERE appid = $1 AND openid = $2";
    read fn of_user(user: UserId) -> many IdentityRow =
        "SELECT id, unionid FROM identities WHERE user_id = $1 ORDER BY id";
    read fn names_of(user: UserId) -> many NameRow = "SELECT appid, openid FROM identities WHERE user_id = $1 ORDER BY id";
    /// Identities of the account that WeChat calls by another name in this open-platform account.
    read fn with_other_unionid(user: UserId, platform: &str, unionid: &str) -> one i64 =
        "SELECT COUNT(*) FROM identities WHERE user_id = $1 AND platform = $2 AND unionid IS NOT NULL AND unionid <> $3";
    write fn move_to(id: &IdentityId, from: UserId, into: UserId, now: Timestamp) -> affected =
        "UPDATE identities SET user_id = $3, updated_at = $4 WHERE id = $1 AND user_id = $2";
    /// Wherever it is now.
    write fn send_home(id: &IdentityId, user: UserId, now: Timestamp) -> affected =
        "UPDATE identities SET user_id = $2, updated_at = $3 WHERE id = $1";
    write fn delete_of(user: UserId) -> affected = "DELETE FROM identities WHERE user_id = $1";
}
