-- What must happen outside the database, written in the transaction that makes it necessary. A finished job is deleted. Jobs
-- of one lane run one at a time, in their order. Those of a queue wait together: while WeChat wants nothing from an app,
-- nobody looks at the app's.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    queue TEXT NOT NULL,
    lane TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    lease TEXT,
    leased_until BIGINT,
    runs BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs__lane ON jobs (lane) WHERE lease IS NOT NULL;
CREATE INDEX jobs_due ON jobs (queue, due_at, id) WHERE lease IS NULL;
CREATE INDEX jobs_leased_until ON jobs (leased_until) WHERE lease IS NOT NULL;
CREATE INDEX jobs_order ON jobs (lane, id);

-- Whether an advisor wants messages of a template at this openid.
CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    advisor_id TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    subscribed BOOLEAN NOT NULL,
    subscribed_at BIGINT,
    unsubscribed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriptions__advisor_id__openid__template_id ON subscriptions (advisor_id, openid, template_id);
CREATE INDEX subscriptions_openid ON subscriptions (openid, template_id);
CREATE INDEX subscriptions_advisor_id ON subscriptions (advisor_id, id);

-- Messages of a one-time template that an openid has accepted and that were not sent yet.
CREATE TABLE credits (
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    remaining BIGINT NOT NULL CHECK (remaining >= 0),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (appid, openid, template_id)
);

-- Why there are so many: each change, what it was and what remained.
CREATE TABLE credit_entries (
    id TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    source TEXT NOT NULL,
    change BIGINT NOT NULL,
    remaining BIGINT NOT NULL,
    message_id TEXT,
    paired BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX credit_entries_of ON credit_entries (appid, openid, template_id, id);

-- A subscription message, and how far it has come.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    template_id TEXT NOT NULL,
    data TEXT NOT NULL,
    page TEXT,
    miniprogram_state TEXT,
    lang TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('action', 'queued', 'now')),
    advisor_id TEXT,
    action_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'refused', 'uncertain', 'dead')),
    reason TEXT,
    errcode BIGINT,
    credit_taken BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL,
    msgid TEXT,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX messages_state ON messages (state, id);
CREATE INDEX messages_openid ON messages (openid, id);
CREATE INDEX messages_msgid ON messages (msgid) WHERE msgid IS NOT NULL;
CREATE INDEX messages_action_id ON messages (action_id) WHERE action_id IS NOT NULL;

-- Each try to send one.
CREATE TABLE attempts (
    message_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    errcode BIGINT,
    ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, number)
);

-- A customer: a phone number, once. An erased one has none.
CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    customer_number TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    openid TEXT NOT NULL,
    lead_source TEXT NOT NULL,
    contract_status TEXT NOT NULL,
    lead_level TEXT NOT NULL,
    assigned_to TEXT NOT NULL,
    created_by TEXT NOT NULL,
    remarks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX leads__phone ON leads (phone);
CREATE UNIQUE INDEX leads__customer_number ON leads (customer_number);
CREATE INDEX leads_openid ON leads (openid, id);
CREATE INDEX leads_assigned_to ON leads (assigned_to, id);

-- What a customer did.
CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    advisor_id TEXT NOT NULL,
    action_type TEXT NOT NULL,
    action_data TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    customer_phone TEXT NOT NULL,
    resume_id TEXT,
    customer_info TEXT,
    lead_id TEXT,
    notified BOOLEAN NOT NULL,
    told_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX actions_advisor_id ON actions (advisor_id, id);
CREATE INDEX actions_customer_id ON actions (customer_id, id);
CREATE INDEX actions_lead_id ON actions (lead_id, id) WHERE lead_id IS NOT NULL;

-- Answers given to requests that carry an Idempotency-Key, for a day. Digests of the key and of what was asked.
CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    operation TEXT NOT NULL,
    key_digest TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    answer TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, operation, key_digest)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);

-- What WeChat pushed, once each.
CREATE TABLE pushes (
    id TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    duplicate_key TEXT NOT NULL,
    nonce TEXT,
    kind TEXT NOT NULL,
    event TEXT,
    openid TEXT,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stored', 'worked', 'unknown', 'failed')),
    reason TEXT,
    times BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    worked_at BIGINT
);
CREATE UNIQUE INDEX pushes__appid__duplicate_key ON pushes (appid, duplicate_key);
CREATE UNIQUE INDEX pushes__appid__nonce ON pushes (appid, nonce);
CREATE INDEX pushes_openid ON pushes (openid, id);
CREATE INDEX pushes_event ON pushes (event, id);
CREATE INDEX pushes_state ON pushes (state, id);
CREATE INDEX pushes_created_at ON pushes (created_at);
