-- Tickets beside tokens: one row per app and kind, with the same lease and version. What is there is kept.
CREATE TABLE app_tokens_before AS SELECT * FROM app_tokens;
DROP TABLE app_tokens;
CREATE TABLE app_tokens (
    appid TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access_token', 'jsapi_ticket')),
    version BIGINT NOT NULL,
    token TEXT,
    expires_at BIGINT NOT NULL,
    invalid_version BIGINT NOT NULL,
    previous_token TEXT,
    previous_until BIGINT NOT NULL,
    lease TEXT,
    lease_until BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    same_until BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    hour_started_at BIGINT NOT NULL,
    hour_refreshes BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (appid, kind)
);
INSERT INTO app_tokens (appid, kind, version, token, expires_at, invalid_version, previous_token, previous_until, lease,
    lease_until, retry_at, same_until, failures, hour_started_at, hour_refreshes, updated_at)
SELECT appid, 'access_token', version, token, expires_at, invalid_version, previous_token, previous_until, lease,
    lease_until, retry_at, 0, failures, hour_started_at, hour_refreshes, updated_at FROM app_tokens_before;
DROP TABLE app_tokens_before;
