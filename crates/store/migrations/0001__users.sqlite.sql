-- A person. Ids are never used again, not even those of people who were erased.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('active', 'merged', 'erased')),
    merged_into BIGINT REFERENCES users (id),
    nickname TEXT NOT NULL,
    avatar TEXT NOT NULL,
    bio TEXT NOT NULL,
    recipe_count BIGINT NOT NULL DEFAULT 0,
    follower_count BIGINT NOT NULL DEFAULT 0,
    following_count BIGINT NOT NULL DEFAULT 0,
    favorite_count BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
