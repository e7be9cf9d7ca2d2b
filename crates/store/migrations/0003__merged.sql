-- What was merged into an account is found when it is erased; without these, by reading everybody.
CREATE INDEX users_merged_into ON users (merged_into);
CREATE INDEX merges_into_user ON merges (into_user);
