-- What the evidence of many has in common is kept once. A JWS whose enrolment became a key was verified, so that it has the one form that package
-- transcript accepts: it is taken apart here, and internal.whole puts it together again, octet for octet. What
-- does not come out as it was stays whole.

-- Of long texts translate and rpad take several times as long as replace: they count characters.
create function internal.base64url(p_bytes bytea) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return replace(replace(replace(replace(encode(p_bytes, 'base64'), E'\n', ''), '=', ''), '+', '-'), '/', '_');
end $$;

create function internal.unpadded(p_base64 text) returns bytea
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return decode(p_base64 || repeat('=', (4 - length(p_base64) % 4) % 4), 'base64');
end $$;

create function internal.from_base64url(p_text text) returns bytea
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return internal.unpadded(replace(replace(p_text, '-', '+'), '_', '/'));
end $$;

-- The number of some content, which is kept from now on. The lock keeps internal.sweep_content from deleting what is found here.
create function internal.keep_once(p_bytes bytea) returns integer
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	c record;
	t timestamptz := clock_timestamp();
begin
	perform pg_advisory_xact_lock_shared(hashtextextended('content', 6));
	select x.id, x.used_at into c from centre.content x where x.hash = sha256(p_bytes);
	if not found then
		insert into centre.content (hash, bytes) values (sha256(p_bytes), p_bytes) on conflict do nothing;
		select x.id, x.used_at into c from centre.content x where x.hash = sha256(p_bytes);
	elsif c.used_at < t - interval '1 day' then
		update centre.content set used_at = t where id = c.id and used_at < t - interval '1 day';
	end if;
	return c.id;
end $$;

-- A DER element (X.690 §8.1): its tag, where its content begins, from 1 on, and what follows it. All null where it is none, or of indefinite length.
create function internal.der(p_bytes bytea, p_at integer, out tag integer, out body integer, out next integer)
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
	n integer;
	size integer := 0;
begin
	if p_at + 1 > octet_length(p_bytes) then
		return;
	end if;
	n := get_byte(p_bytes, p_at);
	body := p_at + 2;
	if n < 128 then
		size := n;
	elsif n between 129 and 131 and body + n - 128 <= octet_length(p_bytes) then
		for i in 1 .. n - 128 loop
			size := size * 256 + get_byte(p_bytes, body - 1);
			body := body + 1;
		end loop;
	else
		body := null;
	end if;
	next := body + size;
	if next is null or next > octet_length(p_bytes) + 1 then
		body := null;
		next := null;
		return;
	end if;
	tag := get_byte(p_bytes, p_at - 1);
end $$;

-- Where the certificates are in an EF.SOD (ICAO 9303-10 §4.6.2: CMS SignedData, RFC 5652 §5.1): their first octet and what follows them, or nulls.
create function internal.sod_certificates(p_sod bytea, out first integer, out next integer)
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
	d record;
	at integer := 1;
	enter boolean;
	wanted integer;
begin
	d := internal.der(p_sod, 1);
	if d.tag = 119 then -- the file's own tag; the rest is ContentInfo
		at := d.body;
	end if;
	-- SEQUENCE { OID, [0] { SEQUENCE { INTEGER, SET, SEQUENCE, [0] certificates
	for wanted, enter in values (48, true), (6, false), (160, true), (48, true), (2, false), (49, false), (48, false), (160, true) loop
		d := internal.der(p_sod, at);
		if d.tag is distinct from wanted then
			return;
		end if;
		at := case when enter then d.body else d.next end;
	end loop;
	first := d.body;
	next := d.next;
end $$;

-- Evidence with what is common kept once.
create function internal.packed(p_evidence centre.evidence) returns centre.evidence
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	v centre.evidence := p_evidence;
	s record;
	head text;
	own text;
	jws json;
	certificates record;
	again centre.evidence;
begin
	begin
		if v.jws is not null then
			jws := convert_from(v.jws, 'UTF8')::json;
			v.payload := internal.from_base64url(jws ->> 'payload');
			v.signed := '{}';
			v.content := '{}';
			for s in select x ->> 'protected' as head, x ->> 'signature' as signature from json_array_elements(jws -> 'signatures') x loop
				head := convert_from(internal.from_base64url(s.head), 'UTF8');
				own := '';
				if head::json ->> 'typ' = 'balcao-citizen' then -- this certificate is nobody else's
					own := head::json -> 'x5c' ->> 0;
					head := replace(head, '["' || own || '"', '[""');
				end if;
				v.signed := v.signed || decode(own, 'base64') || internal.from_base64url(s.signature);
				v.content := v.content || internal.keep_once(convert_to(head, 'UTF8'));
			end loop;
			v.jws := null;
		end if;
		certificates := internal.sod_certificates(v.sod);
		if v.sod_at is null and certificates.first is not null then
			v.sod_at := certificates.first;
			v.content := coalesce(v.content, '{}') || internal.keep_once(substr(v.sod, certificates.first, certificates.next - certificates.first));
			v.sod := substr(v.sod, 1, certificates.first - 1) || substr(v.sod, certificates.next);
		end if;
	exception when data_exception then
		return p_evidence;
	end;
	again := internal.whole(v);
	if (again.jws, again.sod) is distinct from (p_evidence.jws, p_evidence.sod) then
		return p_evidence;
	end if;
	return v;
end $$;

-- Evidence as it was bound. Of any other row, the row.
create function internal.whole(p_evidence centre.evidence) returns centre.evidence
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	v centre.evidence := p_evidence;
	content bytea[] := array(select c.bytes from unnest(v.content) with ordinality n(id, position) left join centre.content c on c.id = n.id order by n.position);
begin
	if array_position(content, null) is not null then
		raise exception 'content is missing' using errcode = 'BK095';
	end if;
	if v.payload is not null then
		v.jws := convert_to('{"payload":"' || internal.base64url(v.payload) || '","signatures":[' || coalesce((
			select string_agg('{"protected":"' || internal.base64url(case when v.signed[2 * n - 1] = '' then content[n] else
					convert_to(replace(convert_from(content[n], 'UTF8'), '[""', '["' || translate(encode(v.signed[2 * n - 1], 'base64'), E'\n', '') || '"'), 'UTF8') end)
				|| '","signature":"' || internal.base64url(v.signed[2 * n]) || '"}', ',' order by n)
			from generate_series(1, cardinality(v.signed) / 2) n), '') || ']}', 'UTF8');
	end if;
	if v.sod_at is not null then
		v.sod := substr(v.sod, 1, v.sod_at - 1) || content[cardinality(content)] || substr(v.sod, v.sod_at);
	end if;
	return v;
end $$;

create function internal.whole(p_row anyelement) returns anyelement
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return p_row;
end $$;

-- Deletes content that nothing refers to any more, and returns how much. Each is looked at a month after it was last known to be in use.
create function internal.sweep_content() returns integer
	language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
	old integer[] := array(select c.id from centre.content c where c.used_at < clock_timestamp() - interval '30 days' order by c.used_at limit 20);
	unused integer[] := array(select o from unnest(old) o where not exists (select from centre.evidence v where v.content @> array[o]));
	n integer := 0;
begin
	if cardinality(unused) > 0 then
		perform pg_advisory_xact_lock(hashtextextended('content', 6)); -- what others just took into use is seen now
		delete from centre.content c where c.id = any (unused) and not exists (select from centre.evidence v where v.content @> array[c.id]);
		get diagnostics n = row_count;
	end if;
	update centre.content set used_at = clock_timestamp() where id = any (old);
	return n;
end $$;

-- Evidence of before there was content.
do $$
declare
	v centre.evidence;
begin
	for v in select x.* from centre.evidence x join centre.enrolment e on e.id = x.enrolment and e.state = 'active' where x.jws is not null loop
		v := internal.packed(v);
		update centre.evidence x set jws = v.jws, payload = v.payload, signed = v.signed, content = v.content, sod = v.sod, sod_at = v.sod_at
			where x.enrolment = v.enrolment and v.jws is null;
	end loop;
end $$;
