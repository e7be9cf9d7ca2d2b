-- OAuth codes on their way: a code works once at WeChat, and is asked for more than once by browsers. The result is
-- sealed and kept for five minutes.
CREATE TABLE exchanges (
    code_digest TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanged', 'done', 'failed')),
    lease TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    result TEXT,
    person_digest TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    why TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX exchanges_person_digest ON exchanges (person_digest);
CREATE INDEX exchanges_expires_at ON exchanges (expires_at);
