-- Signing in: what is counted, tries, their codes, and the form in which a PIN's hash is kept.

-- The database compares the SHA-256 of what the caller computed (Argon2id, RFC 9106) and keeps nothing that a caller could
-- hand in. Argon2's output is 256 random bits to whoever does not know it, so that one pass over it is enough.
alter table centre.key drop constraint key_pin_hash_check;
update centre.key k set pin_hash = '$argon2id-sha256$' || split_part(k.pin_hash, '$', 3) || '$' || split_part(k.pin_hash, '$', 4)
		|| '$' || split_part(k.pin_hash, '$', 5) || '$'
		|| rtrim(encode(sha256(decode(split_part(k.pin_hash, '$', 6) || '=', 'base64')), 'base64'), '=')
	where k.pin_hash ~ '^[$]argon2id[$]v=19[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]{43}$';
alter table centre.key add constraint key_pin_hash_check check (pin_hash like '$argon2id%');
comment on column centre.key.pin_hash is '$argon2id-sha256$v=19$m=KiB,t=passes,p=lanes$salt$SHA-256 of the output, base64 without padding.';
