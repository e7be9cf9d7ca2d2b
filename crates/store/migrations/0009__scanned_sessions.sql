-- The sessions that act as a host user end with the binding that opened them.
CREATE INDEX sessions_host_user ON sessions (host_user) WHERE host_user IS NOT NULL;
