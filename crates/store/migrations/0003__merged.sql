-- What was merged is found when an account is erased or a merge undone; without these, by reading everybody.
CREATE INDEX users_merged_into ON users (merged_into);
CREATE INDEX merges_into_user ON merges (into_user);
CREATE INDEX merges_identity_id ON merges (identity_id);
