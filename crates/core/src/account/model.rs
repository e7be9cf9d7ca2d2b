use weir_base::{Timestamp, number_id, text_id};
use weir_store::{number_field, row, text_field};

use crate::{Failure, Outcome};

number_id!(/// A person. Never given to another, not even after an erasure.
    UserId);
number_field!(UserId);

text_id!(/// Two accounts having become one.
    MergeId, "mrg");
text_field!(MergeId);

pub const NICKNAME_MAX: usize = 50;
pub const AVATAR_MAX: usize = 255;
pub const BIO_MAX: usize = 200;

row! {
    /// What a person sees of themselves.
    pub struct Profile {
        pub id: UserId,
        pub nickname: String,
        pub avatar: String,
        pub bio: String,
        pub recipe_count: i64,
        pub follower_count: i64,
        pub following_count: i64,
        pub favorite_count: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// What a person changes of their profile; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub nickname: Option<String>,
    pub avatar: Option<String>,
    pub bio: Option<String>,
}

impl ProfileChange {
    pub fn validate(&self) -> Outcome<()> {
        text("nickname", self.nickname.as_deref(), NICKNAME_MAX)?;
        text("avatar", self.avatar.as_deref(), AVATAR_MAX)?;
        text("bio", self.bio.as_deref(), BIO_MAX)
    }
}

/// Numbers that belong to the host application; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub recipe_count: Option<i64>,
    pub follower_count: Option<i64>,
    pub following_count: Option<i64>,
    pub favorite_count: Option<i64>,
}

impl Counters {
    pub fn validate(&self) -> Outcome<()> {
        let fields = [
            ("recipe_count", self.recipe_count),
            ("follower_count", self.follower_count),
            ("following_count", self.following_count),
            ("favorite_count", self.favorite_count),
        ];
        for (field, value) in fields {
            if value.is_some_and(|value| value < 0) {
                return Err(Failure::invalid(field, "must not be negative"));
            }
        }
        Ok(())
    }
}

/// Refuses what is too long or what a database cannot keep. Lengths count Unicode characters.
pub fn text(field: &'static str, value: Option<&str>, max: usize) -> Outcome<()> {
    let Some(value) = value else { return Ok(()) };
    if value.chars().count() > max {
        return Err(Failure::invalid(field, format!("must not be longer than {max} characters")));
    }
    if value.contains('\0') {
        return Err(Failure::invalid(field, "must not contain the character U+0000"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(text("nickname", Some(&"汉".repeat(50)), 50).is_ok());
        assert!(text("nickname", Some(&"汉".repeat(51)), 50).is_err());
        assert!(text("nickname", Some("a\0b"), 50).is_err());
    }
}
