use axum::extract::{Path, State, rejection::PathRejection};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::{
    Code, Failure,
    account::{self, Counters, Profile, ProfileChange, UserId},
    apikey::Scope,
};

use super::{auth::Message, envelope::Success};
use crate::{
    Shared,
    extract::{Key, Sent, User},
    problem::Refusal,
};

/// A person's profile. The counts belong to the host application.
#[derive(Serialize, ToSchema)]
pub(super) struct ProfileData {
    id: i64,
    openid: String,
    nickname: String,
    avatar: String,
    bio: String,
    recipe_count: i64,
    follower_count: i64,
    following_count: i64,
    favorite_count: i64,
    /// ISO 8601 in UTC with milliseconds.
    created_at: String,
    /// ISO 8601 in UTC with milliseconds.
    updated_at: String,
}

impl ProfileData {
    fn new(profile: Profile, openid: String) -> Self {
        Self {
            id: profile.id.0,
            openid,
            nickname: profile.nickname,
            avatar: profile.avatar,
            bio: profile.bio,
            recipe_count: profile.recipe_count,
            follower_count: profile.follower_count,
            following_count: profile.following_count,
            favorite_count: profile.favorite_count,
            created_at: profile.created_at.iso(),
            updated_at: profile.updated_at.iso(),
        }
    }
}

/// Who I am.
#[utoipa::path(get, path = "/api/v1/users/me", tag = "mini-program", operation_id = "me",
    responses((status = 200, description = "The profile", body = Success<ProfileData>)))]
pub(super) async fn me(State(server): State<Shared>, User(caller): User) -> Success<ProfileData> {
    Success::new(server.app.clock.now(), ProfileData::new(caller.profile, caller.openid))
}

/// The same as `/users/me`, under the name that older clients use.
#[utoipa::path(get, path = "/api/v1/user/profile", tag = "mini-program", operation_id = "profile",
    responses((status = 200, description = "The profile", body = Success<ProfileData>)))]
pub(super) async fn profile(State(server): State<Shared>, User(caller): User) -> Success<ProfileData> {
    Success::new(server.app.clock.now(), ProfileData::new(caller.profile, caller.openid))
}

/// What a person changes; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
pub(super) struct ProfileBody {
    #[schema(max_length = 50)]
    nickname: Option<String>,
    #[schema(max_length = 255)]
    avatar: Option<String>,
    #[schema(max_length = 200)]
    bio: Option<String>,
}

/// Change my profile.
#[utoipa::path(patch, path = "/api/v1/users/me", tag = "mini-program", operation_id = "updateMe",
    request_body = ProfileBody, responses((status = 200, description = "The profile", body = Success<ProfileData>)))]
pub(super) async fn update_me(
    State(server): State<Shared>,
    User(caller): User,
    Sent(body): Sent<ProfileBody>,
) -> Result<Success<ProfileData>, Refusal> {
    let change = ProfileChange { nickname: body.nickname, avatar: body.avatar, bio: body.bio };
    let profile = account::flow::update_profile(&server.app, caller.profile.id, change).await?;
    Ok(Success::new(server.app.clock.now(), ProfileData::new(profile, caller.openid)))
}

/// Cancel my account: personal data is erased, every token is dead.
#[utoipa::path(delete, path = "/api/v1/users/me", tag = "mini-program", operation_id = "deleteMe",
    responses((status = 200, description = "Cancelled", body = Success<Message>)))]
pub(super) async fn delete_me(
    State(server): State<Shared>,
    User(caller): User,
) -> Result<Success<Message>, Refusal> {
    account::flow::erase(&server.app, caller.profile.id).await?;
    Ok(Success::new(server.app.clock.now(), Message { message: "账号已注销" }))
}

/// The host application's numbers; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
pub(super) struct CountersBody {
    #[schema(minimum = 0)]
    recipe_count: Option<i64>,
    #[schema(minimum = 0)]
    follower_count: Option<i64>,
    #[schema(minimum = 0)]
    following_count: Option<i64>,
    #[schema(minimum = 0)]
    favorite_count: Option<i64>,
}

/// The counters as they are now.
#[derive(Serialize, ToSchema)]
pub(super) struct CountersData {
    id: i64,
    recipe_count: i64,
    follower_count: i64,
    following_count: i64,
    favorite_count: i64,
    /// ISO 8601 in UTC with milliseconds.
    updated_at: String,
}

/// Write a user's counters with an API key of the scope `users:write`.
#[utoipa::path(patch, path = "/api/v1/users/{id}/counters", tag = "mini-program", operation_id = "writeCounters",
    params(("id" = i64, Path, description = "The user's id")),
    request_body = CountersBody, responses((status = 200, description = "The counters", body = Success<CountersData>)))]
pub(super) async fn counters(
    State(server): State<Shared>,
    key: Key,
    id: Result<Path<i64>, PathRejection>,
    Sent(body): Sent<CountersBody>,
) -> Result<Success<CountersData>, Refusal> {
    let key = key.with(Scope::UsersWrite)?;
    let Path(id) = id.map_err(|_| Failure::new(Code::NotFound).detail("there is no such user"))?;
    let counters = Counters {
        recipe_count: body.recipe_count,
        follower_count: body.follower_count,
        following_count: body.following_count,
        favorite_count: body.favorite_count,
    };
    let profile = account::flow::write_counters(&server.app, &key, UserId(id), counters).await?;
    let data = CountersData {
        id: profile.id.0,
        recipe_count: profile.recipe_count,
        follower_count: profile.follower_count,
        following_count: profile.following_count,
        favorite_count: profile.favorite_count,
        updated_at: profile.updated_at.iso(),
    };
    Ok(Success::new(server.app.clock.now(), data))
}
