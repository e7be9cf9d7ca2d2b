-- Who came with a code first (digests of network and browser): others are not given its answer again.
ALTER TABLE exchanges ADD COLUMN asker TEXT;
-- What a site sends to have its code bound to itself (RFC 7636).
ALTER TABLE oauth_states ADD COLUMN code_challenge TEXT;
