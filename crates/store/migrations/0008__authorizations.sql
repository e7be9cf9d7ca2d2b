-- A person's consent on a web page, with what they showed of themselves: good for 24 hours.
CREATE TABLE authorizations (
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    nickname TEXT NOT NULL,
    headimgurl TEXT NOT NULL,
    sex BIGINT NOT NULL,
    language TEXT NOT NULL,
    country TEXT NOT NULL,
    province TEXT NOT NULL,
    city TEXT NOT NULL,
    privilege TEXT NOT NULL,
    login_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (appid, openid)
);
CREATE INDEX authorizations_openid ON authorizations (openid);

-- States that we gave to WeChat's pages: each for one browser, one code and ten minutes.
CREATE TABLE oauth_states (
    state_digest TEXT PRIMARY KEY,
    browser_digest TEXT NOT NULL,
    appid TEXT NOT NULL,
    redirect TEXT,
    relay TEXT,
    client_state TEXT,
    code_digest TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_states_browser_digest ON oauth_states (browser_digest);
CREATE INDEX oauth_states_expires_at ON oauth_states (expires_at);

-- Codes of ours for sites behind the one OAuth domain: good once, for a minute. What they stand for is sealed.
CREATE TABLE relay_codes (
    code_digest TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    person_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX relay_codes_person_digest ON relay_codes (person_digest);
CREATE INDEX relay_codes_expires_at ON relay_codes (expires_at);
