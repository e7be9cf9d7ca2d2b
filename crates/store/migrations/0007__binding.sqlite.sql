-- A WeChat account bound to a user of the host application (realm 'host') or to one of ours (realm 'weir'). Unbinding keeps
-- the row; what must be unique is so among the active ones.
CREATE TABLE wechat_bindings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    realm TEXT NOT NULL CHECK (realm IN ('host', 'weir')),
    user_id TEXT NOT NULL CHECK (LENGTH(user_id) <= 100),
    appid TEXT NOT NULL,
    platform TEXT NOT NULL,
    wechat_openid TEXT NOT NULL CHECK (LENGTH(wechat_openid) <= 100),
    wechat_unionid TEXT CHECK (LENGTH(wechat_unionid) <= 100),
    nickname TEXT CHECK (LENGTH(nickname) <= 100),
    avatar_url TEXT CHECK (LENGTH(avatar_url) <= 500),
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX wechat_bindings__realm__user_id ON wechat_bindings (realm, user_id) WHERE is_active;
CREATE UNIQUE INDEX wechat_bindings__appid__wechat_openid ON wechat_bindings (appid, wechat_openid) WHERE is_active;
CREATE UNIQUE INDEX wechat_bindings__platform__wechat_unionid ON wechat_bindings (platform, wechat_unionid) WHERE is_active AND wechat_unionid IS NOT NULL;
CREATE INDEX wechat_bindings_user_id ON wechat_bindings (user_id);
CREATE INDEX wechat_bindings_openid ON wechat_bindings (wechat_openid);
CREATE INDEX wechat_bindings_unionid ON wechat_bindings (wechat_unionid);

-- A QR code on a screen, and how far the phone that scanned it has come. Digests only of what opens something.
CREATE TABLE wechat_qr_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bind', 'login')),
    realm TEXT,
    user_id TEXT,
    account_label TEXT NOT NULL,
    qr_code_data TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'scanned', 'confirmed', 'refused')),
    version BIGINT NOT NULL,
    token_digest TEXT NOT NULL,
    poll_digest TEXT,
    phone_digest TEXT,
    state_digest TEXT,
    code_digest TEXT,
    appid TEXT,
    platform TEXT,
    openid TEXT CHECK (LENGTH(openid) <= 100),
    unionid TEXT CHECK (LENGTH(unionid) <= 100),
    nickname TEXT CHECK (LENGTH(nickname) <= 100),
    avatar_url TEXT CHECK (LENGTH(avatar_url) <= 500),
    asked_browser TEXT NOT NULL,
    asked_address TEXT NOT NULL,
    consumed_at BIGINT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX wechat_qr_sessions__session_id ON wechat_qr_sessions (session_id);
CREATE UNIQUE INDEX wechat_qr_sessions__token_digest ON wechat_qr_sessions (token_digest);
CREATE UNIQUE INDEX wechat_qr_sessions__state_digest ON wechat_qr_sessions (state_digest);
CREATE INDEX wechat_qr_sessions_user_id ON wechat_qr_sessions (user_id);
CREATE INDEX wechat_qr_sessions_openid ON wechat_qr_sessions (openid);
CREATE INDEX wechat_qr_sessions_unionid ON wechat_qr_sessions (unionid);
CREATE INDEX wechat_qr_sessions_expires_at ON wechat_qr_sessions (expires_at);
CREATE INDEX wechat_qr_sessions_changed ON wechat_qr_sessions (updated_at) WHERE status <> 'pending';

-- Openids that somebody has proven to be theirs by a code, for POST /api/wechat/bind.
CREATE TABLE proofs (
    realm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    appid TEXT NOT NULL,
    platform TEXT NOT NULL,
    openid TEXT NOT NULL,
    unionid TEXT,
    nickname TEXT,
    avatar_url TEXT,
    proven_at BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id, appid, openid)
);
CREATE INDEX proofs_proven_at ON proofs (proven_at);
CREATE INDEX proofs_openid ON proofs (openid);
CREATE INDEX proofs_unionid ON proofs (unionid);

-- The host user that a session opened by a scanned QR code acts as.
ALTER TABLE sessions ADD COLUMN host_user TEXT;
