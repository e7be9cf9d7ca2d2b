-- A person in one app. session_key columns are sealed; the digest tells a new key from one we have.
CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    platform TEXT NOT NULL,
    unionid TEXT,
    session_key TEXT,
    session_key_digest TEXT,
    session_key_version BIGINT NOT NULL DEFAULT 0,
    previous_session_key TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identities__appid__openid ON identities (appid, openid);
CREATE INDEX identities_user_id ON identities (user_id);

-- Who a unionid is, in one open-platform account: the row that makes two identities one person.
CREATE TABLE unions (
    platform TEXT NOT NULL,
    unionid TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (platform, unionid)
);
CREATE INDEX unions_user_id ON unions (user_id);

-- Two accounts found to be one person. Kept so that it can be undone.
CREATE TABLE merges (
    id TEXT PRIMARY KEY,
    from_user BIGINT NOT NULL REFERENCES users (id),
    into_user BIGINT NOT NULL REFERENCES users (id),
    identity_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX merges_from_user ON merges (from_user);

-- What a login opened. token_id is the only token that is good now.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('alive', 'ended')),
    ended_because TEXT,
    token_id TEXT NOT NULL,
    token_expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_token_expires_at ON sessions (token_expires_at);

-- Keys of other services; only the digest of a key is kept.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys__digest ON api_keys (digest);

-- Who did what to whom. Numbers and ids only: no personal data, so that an erasure need not rewrite it.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, at);

-- One access_token per app, shared by all replicas. The holder of an unexpired lease may ask WeChat for the next one.
CREATE TABLE app_tokens (
    appid TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    token TEXT,
    expires_at BIGINT NOT NULL,
    invalid_version BIGINT NOT NULL,
    previous_token TEXT,
    previous_until BIGINT NOT NULL,
    lease TEXT,
    lease_until BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    hour_started_at BIGINT NOT NULL,
    hour_refreshes BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
