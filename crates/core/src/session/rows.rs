use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{
    SessionId,
    model::{EndedBecause, SessionState},
};
use crate::{
    account::{Profile, UserId},
    host::HostId,
    identity::IdentityId,
};

row! {
    /// A session with the account it belongs to.
    pub struct SessionRow {
        pub state: SessionState,
        pub token_id: String,
        pub appid: String,
        pub openid: String,
        pub opened_at: Timestamp,
        pub host_user: Option<HostId>;
        pub profile: Profile
    }
}

row! {
    /// What the next token of a session says.
    pub struct RotatedRow {
        pub user_id: UserId,
        pub openid: String,
        pub host_user: Option<HostId>,
        pub nickname: String,
    }
}

statements! {
    write fn insert(id: &SessionId, user: UserId, appid: &str, openid: &str, token_id: &str, token_expires_at: Timestamp, host_user: Option<&HostId>, now: Timestamp) -> affected =
        "INSERT INTO sessions (id, user_id, appid, openid, state, token_id, token_expires_at, host_user, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'alive', $5, $6, $7, $8, $8)";
    /// Nothing for a session of an account that is not active.
    read fn find(id: &SessionId) -> optional SessionRow =
        "SELECT s.state, s.token_id, s.appid, s.openid, s.created_at AS opened_at, s.host_user, u.id, u.nickname, u.avatar, u.bio, u.recipe_count, u.follower_count,
            u.following_count, u.favorite_count, u.created_at, u.updated_at
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1 AND u.state = 'active'";
    /// Gives the session of an active account its next token, if `old` is still the one: of two who try, one wins.
    write fn rotate(id: &SessionId, old: &str, new: &str, expires_at: Timestamp, now: Timestamp) -> optional RotatedRow =
        "UPDATE sessions SET token_id = $3, token_expires_at = $4, updated_at = $5
         WHERE id = $1 AND token_id = $2 AND state = 'alive'
            AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id AND u.state = 'active')
         RETURNING user_id, openid, host_user, (SELECT u.nickname FROM users u WHERE u.id = sessions.user_id) AS nickname";
    write fn end(id: &SessionId, because: EndedBecause, now: Timestamp) -> affected =
        "UPDATE sessions SET state = 'ended', ended_because = $2, updated_at = $3 WHERE id = $1 AND state = 'alive'";
    /// The sessions that scanned QR codes have opened for a host user, but not `kept`.
    write fn end_of_host(host_user: &HostId, kept: &str, now: Timestamp) -> affected =
        "UPDATE sessions SET state = 'ended', ended_because = 'unbound', updated_at = $3
         WHERE host_user = $1 AND state = 'alive' AND id <> $2";
    /// The sessions that a WeChat account opened which is not the user's own but was bound to them.
    write fn end_of_bound(user: UserId, kept: &str, now: Timestamp) -> affected =
        "UPDATE sessions SET state = 'ended', ended_because = 'unbound', updated_at = $3
         WHERE user_id = $1 AND state = 'alive' AND id <> $2 AND host_user IS NULL
            AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.appid = sessions.appid AND i.openid = sessions.openid AND i.user_id = $1)";
    /// The openid is personal data: it goes with its person.
    write fn forget_user(user: UserId, now: Timestamp) -> affected =
        "UPDATE sessions SET state = 'ended', ended_because = 'erased', openid = '', host_user = NULL, updated_at = $2 WHERE user_id = $1";
    write fn move_to(from: UserId, into: UserId, now: Timestamp) -> affected =
        "UPDATE sessions SET user_id = $2, updated_at = $3 WHERE user_id = $1";
    /// The sessions of one identity, when it goes back to its account: they are with those that it was moved to.
    write fn follow_identity(identity: &IdentityId, user: UserId, now: Timestamp) -> affected =
        "UPDATE sessions SET user_id = $2, updated_at = $3
         WHERE user_id IN (SELECT into_user FROM merges WHERE identity_id = $1)
            AND (appid, openid) IN (SELECT appid, openid FROM identities WHERE id = $1)";
    /// Sessions whose last token can no longer be refreshed.
    write fn delete_expired(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE token_expires_at < $1 LIMIT $2)";
}
