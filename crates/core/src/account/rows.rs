//! An account is `active`, `merged` (found to be the same person as another, which goes on) or `erased` (cancelled: the
//! personal data is gone). Statements guard the state; nothing reads it.

use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{MergeId, Profile, UserId};

row! {
    /// One identity that a merge moved.
    pub struct MergeRow {
        pub at: Timestamp,
        pub identity_id: crate::identity::IdentityId,
    }
}

statements! {
    write fn insert(nickname: &str, avatar: &str, now: Timestamp) -> one Profile =
        "INSERT INTO users (state, nickname, avatar, bio, created_at, updated_at)
         VALUES ('active', $1, $2, '', $3, $3)
         RETURNING id, nickname, avatar, bio, recipe_count, follower_count, following_count, favorite_count, created_at, updated_at";
    /// Changes what is given and tells what is there now; nothing when the account is not active.
    write fn update_profile(id: UserId, nickname: Option<&str>, avatar: Option<&str>, bio: Option<&str>, now: Timestamp) -> optional Profile =
        "UPDATE users SET nickname = COALESCE($2, nickname), avatar = COALESCE($3, avatar), bio = COALESCE($4, bio), updated_at = $5
         WHERE id = $1 AND state = 'active'
         RETURNING id, nickname, avatar, bio, recipe_count, follower_count, following_count, favorite_count, created_at, updated_at";
    write fn update_counters(id: UserId, recipe: Option<i64>, follower: Option<i64>, following: Option<i64>, favorite: Option<i64>, now: Timestamp) -> optional Profile =
        "UPDATE users SET recipe_count = COALESCE($2, recipe_count), follower_count = COALESCE($3, follower_count),
            following_count = COALESCE($4, following_count), favorite_count = COALESCE($5, favorite_count), updated_at = $6
         WHERE id = $1 AND state = 'active'
         RETURNING id, nickname, avatar, bio, recipe_count, follower_count, following_count, favorite_count, created_at, updated_at";
    /// Takes the personal data away; the row stays so that the id is never used again.
    write fn erase(id: UserId, now: Timestamp) -> affected =
        "UPDATE users SET state = 'erased', nickname = '', avatar = '', bio = '', updated_at = $2
         WHERE id = $1 AND state = 'active'";
    /// Accounts that were merged into this one, and into those, hold the same person's data.
    write fn erase_merged(into: UserId, now: Timestamp) -> affected =
        "WITH RECURSIVE gone (id) AS (
            SELECT from_user FROM merges WHERE into_user = $1 AND undone_at IS NULL
            UNION SELECT m.from_user FROM merges m JOIN gone g ON m.into_user = g.id WHERE m.undone_at IS NULL)
         UPDATE users SET state = 'erased', nickname = '', avatar = '', bio = '', updated_at = $2
         WHERE id IN (SELECT id FROM gone) AND state = 'merged'";
    /// What WeChat has cleaned: the person shows themselves anew when they come back.
    write fn forget_looks(id: UserId, now: Timestamp) -> affected =
        "UPDATE users SET nickname = '', avatar = '', updated_at = $2 WHERE id = $1 AND state = 'active'";
    write fn set_merged(id: UserId, into: UserId, now: Timestamp) -> affected =
        "UPDATE users SET state = 'merged', merged_into = $2, updated_at = $3 WHERE id = $1 AND state = 'active'";
    write fn set_unmerged(id: UserId, now: Timestamp) -> affected =
        "UPDATE users SET state = 'active', merged_into = NULL, updated_at = $2 WHERE id = $1 AND state = 'merged'";
    /// Claims a unionid for an account, unless it is somebody's already.
    write fn claim_union(platform: &str, unionid: &str, user: UserId, now: Timestamp) -> affected =
        "INSERT INTO unions (platform, unionid, user_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (platform, unionid) DO NOTHING";
    read fn union_owner(platform: &str, unionid: &str) -> optional UserId =
        "SELECT user_id FROM unions WHERE platform = $1 AND unionid = $2";
    write fn move_unions(from: UserId, into: UserId) -> affected = "UPDATE unions SET user_id = $2 WHERE user_id = $1";
    write fn delete_unions(user: UserId) -> affected = "DELETE FROM unions WHERE user_id = $1";
    write fn insert_merge(id: &MergeId, from: UserId, into: UserId, identity: &crate::identity::IdentityId, now: Timestamp) -> affected =
        "INSERT INTO merges (id, from_user, into_user, identity_id, at) VALUES ($1, $2, $3, $4, $5)";
    read fn open_merges(from: UserId) -> many MergeRow =
        "SELECT at, identity_id FROM merges WHERE from_user = $1 AND undone_at IS NULL ORDER BY at, id";
    /// Takes back a move of an identity and the moves that came after it; those of `from` always.
    write fn close_merges(identity: &crate::identity::IdentityId, from: UserId, since: Timestamp, now: Timestamp) -> affected =
        "UPDATE merges SET undone_at = $4 WHERE identity_id = $1 AND (from_user = $2 OR at > $3) AND undone_at IS NULL";
    /// Whether somebody has said that this account is its own.
    read fn was_undone(from: UserId) -> one i64 =
        "SELECT COUNT(*) FROM merges WHERE from_user = $1 AND undone_at IS NOT NULL";
    /// Merges of other accounts into this one that were taken back stay: they hold ids only.
    write fn forget_merges(into: UserId) -> affected =
        "WITH RECURSIVE gone (id) AS (
            SELECT id FROM users WHERE id = $1
            UNION SELECT m.from_user FROM merges m JOIN gone g ON m.into_user = g.id WHERE m.undone_at IS NULL)
         DELETE FROM merges WHERE from_user IN (SELECT id FROM gone)";
}
