-- What is stored about a person: which tables hold it, where their rows are, and what of them is shown. A test wants every
-- table of the schema here, and every column of those that hold somebody.

-- where_rows finds the rows: $1 is the person, $2 their keys, $3 the visits in which these were made or changed; empty where
-- the table is about nobody, or about people without saying whom. shown: columns as they are shown, in this order. sized: bytes, of which is said
-- how many there are. secret: what nobody is shown, not even whom it belongs to; that it is there is said. Every other column
-- is in left_out: identifiers of ours, what is another person's or a member of staff's, and what would tell who might be
-- under pressure, or watched, that somebody noticed (GDPR article 23).
create function internal.stored_tables() returns table (section text, name text, where_rows text, sort text, shown text, sized text, secret text, left_out text)
	language sql immutable set search_path = pg_catalog, pg_temp as $$
	values
	('person', 'person', 't.id = $1', 't.id',
		'surname,given_names,birth_date,birth_stated,sex,nationality,country,civil_number,document_number,created_at', '', '', 'id,enrolment'),
	('person_before', 'person_event', 't.person = $1 and t.was is not null', 't.id', 'at,what,was', '', '', 'id,person,actor,enrolment'),
	('number', 'person_number', 't.person = $1', 't.kind', 'kind,value,source,paper,at', '', '', 'person,seen_by,enrolment'),
	('key', 'key', 't.register = any ($2)', 't.register', 'register,state,level,valid_until,tax_number,activated_at', '', 'pin_hash',
		'person,living,enrolment,version,change,pin_subject'),
	('contact', 'key_contact', 't.key = any ($2)', 't.key, t.channel', 'key,channel,value,proven_at', '', '', 'mailbox,living,proof'),
	('history', 'key_event', 't.key = any ($2)', 't.id', 'key,at,from_state,to_state,cause,reason,desk', '', '', 'id,actor,enrolment,staff'),
	('record', 'key_record', 't.key = any ($2)', 't.key, t.version', 'key,version,made_at', 'record', '', ''),
	('activation', 'activation', 't.key = any ($2) or t.enrolment = any ($3)', 't.made_at',
		'key,channel,value,language,made_at,expires_at,ended_at,used,wrong', '', 'mac', 'id,enrolment,send_no,code_key'),
	('letter', 'letter', 't.key = any ($2)', 't.made_at', 'key,address,made_at,printed_at,copies,reason', '', '', 'activation,printed_by'),
	('notice', 'notice', 't.key = any ($2)', 't.made_at', 'key,kind,channel,value,language,params,made_at,expires_at,used_at', '', 'mac', 'id,event,code_key'),
	('expiry_notice', 'expiry_notice', 't.key = any ($2)', 't.at', 'key,valid_until,days,at', '', '', ''),
	('visit', 'enrolment', 't.id = any ($3)', 't.opened_at',
		'errand,desk,state,refusal,document_kind,typed,country,civil_number,document_number,tax_number,opened_at,bound_at,ended_at,key', '', '',
		'id,challenge,expires_at,shift,subject,subject_event,activation'),
	('visit_times', 'visit_times', 't.enrolment = any ($3)', 't.enrolment', 'seconds', '', '', 'enrolment'),
	('code', 'one_time_code', 't.enrolment = any ($3)', 't.sent_at', 'channel,value,language,sent_at,expires_at,used_at,delivery,desk', '', 'mac',
		'id,enrolment,contact,send_no,sends_left,tries_left,resend_at,key,message_id'),
	('code_try', 'code_attempt', 't.enrolment = any ($3)', 't.at', 'channel,at,refusal,confirmed_at', '', '',
		'id,enrolment,code,counts,tries_left,proof'),
	('long_code_try', 'long_code_try', 't.key = any ($2) or t.enrolment = any ($3)', 't.at', 'at,desk,refusal,state', '', '', 'id,enrolment,activation,tries_left,key,try'),
	('proof', 'contact_proof', 't.enrolment = any ($3)', 't.confirmed_at', 'channel,value,confirmed_at', '', '', 'id,enrolment'),
	('message', 'message', 't.job in (select m.job from centre.message m where m.enrolment = any ($3) union all select j.id from centre.job j join centre.notice n on n.id = j.about where n.key = any ($2))', 't.job', 'kind,channel,state,reason,queued_at,sent_at,ended_at', '', '',
		'job,enrolment,message_id,reference,contact,unsure_at'),
	('chip', 'chip_challenge', 't.enrolment = any ($3)', 't.enrolment', 'state', 'dg14,to_send,private', '', 'enrolment'),
	('evidence', 'evidence', 't.enrolment = any ($3)', 't.enrolment', 'verification', 'jws,identity,sod,kept,proof', 'sealed_pin',
		'enrolment,content_hash,marked,payload,signed,content,sod_at'),
	('approval', 'approval', 't.enrolment = any ($3)', 't.opened_at', 'level,opened_at,decision,decided_at', 'jws', '',
		'enrolment,reasons,checks,shift,leased_until,reason,decided_by,decided_role'),
	('search', 'search', 't.found && $2', 't.at', 'at,desk,kind,reason', '', '', 'id,staff,value,found'),
	('word_try', 'word_try', 't.key = any ($2)', 't.at', 'key,at,good', '', '', 'id,search'),
	('sign_in', 'sign_in', 't.key = any ($2)', 't.key',
		'key,last_success_at,last_failure_at,last_channel,pin_wrong,code_wrong,lock_step,locked_until', '', '', 'followed'),
	('sign_in_try', 'sign_in_try', 't.key = any ($2)', 't.made_at', 'key,made_at,state', '', '',
		'id,model,named,source,admitted,settled,enrolment,pending,signed_at,epoch,activation,contact'),
	('code', 'sign_in_code', 't.key = any ($2)', 't.sent_at', 'key,channel,value,language,sent_at,expires_at,used_at', '', 'mac',
		'id,try,resend_at,sends_left,mac_key'),
	('code_try', 'sign_in_attempt', 't.try in (select x.id from centre.sign_in_try x where x.key = any ($2))', 't.id', 'refusal', '', '',
		'id,try,tries_left'),
	('try', 'desk_try', 't.enrolment = any ($3)', 't.made_at', 'kind,value,state,made_at', '', 'sealed_pin', 'id,enrolment,content'),
	('key', 'pin_rehash', 't.key = any ($2)', 't.key', 'key', '', 'pin_hash', 'id,version'),
	('history', 'own_act', 't.key = any ($2)', 't.at', 'key,at,kind,state', '', 'pin_hash', 'id,try,version,code,contact_code'),
	-- Another's key is another's.
	('review', 'review', 't.key = any ($2) or t.other = any ($2)', 't.at', 'at,closed_at', '', '', 'id,key,other'),
	-- Alerts and counters are not shown; what was done because of one stands in the key's history. The subject of a counter is found
	-- by nobody once its week's key is gone.
	('', 'watch_alert', '', '', '', '', '', ''), ('', 'watch_count', '', '', '', '', '', ''), ('', 'watch_hold', '', '', '', '', '', ''),
	('', 'watch_key', '', '', '', '', '', ''), ('', 'watch_rule', '', '', '', '', '', ''), ('', 'watch_state', '', '', '', '', '', ''),
	-- The queue: what of it is about somebody stands in the tables that it names. The log: hashes of the rows above.
	('', 'job', '', '', '', '', '', ''), ('', 'log_leaf', '', '', '', '', '', ''), ('', 'log_key', '', '', '', '', '', ''),
	('', 'log_hash', '', '', '', '', '', ''), ('', 'log_state', '', '', '', '', '', ''), ('', 'log_checkpoint', '', '', '', '', '', ''),
	('', 'log_again', '', '', '', '', '', ''), ('', 'deletion', '', '', '', '', '', ''),
	-- Receipts of messages that are not known yet, and of a contact that was contested the keyed hash, both for a day.
	('', 'receipt', '', '', '', '', '', ''), ('', 'alert', '', '', '', '', '', ''),
	-- Services that people sign in at; and what the login service keeps between two requests, which nobody can open without the token
	-- that a browser or a service has, nor say whose it is.
	('', 'client', '', '', '', '', '', ''), ('', 'login_row', '', '', '', '', '', ''),
	-- Rules, desks and staff: nothing about holders of keys.
	('', 'setting', '', '', '', '', '', ''), ('', 'secret', '', '', '', '', '', ''), ('', 'legal_extension', '', '', '', '', '', ''),
	('', 'desk', '', '', '', '', '', ''), ('', 'desk_seen', '', '', '', '', '', ''), ('', 'desk_certificate', '', '', '', '', '', ''), ('', 'staff', '', '', '', '', '', ''),
	('', 'staff_certificate', '', '', '', '', '', ''), ('', 'shift', '', '', '', '', '', ''), ('', 'sign_in_failure', '', '', '', '', '', ''),
	('', 'worker', '', '', '', '', '', ''), ('', 'tally', '', '', '', '', '', ''), ('', 'destination', '', '', '', '', '', ''),
	('', 'trust', '', '', '', '', '', ''), ('', 'schema_version', '', '', '', '', '', ''), ('', 'content', '', '', '', '', '', ''), ('', 'cause', '', '', '', '', '', ''),
	('', 'transition', '', '', '', '', '', ''), ('', 'reason', '', '', '', '', '', ''), ('', 'errand', '', '', '', '', '', '')
$$;

-- All that is stored about the holder of a key, from the tables themselves: [{name, rows: [[{name, value}]]}], as text.
create function internal.stored(p_register bigint) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' set bytea_output = 'hex' as $$
declare
	who bigint := (select k.person from centre.key k where k.register = p_register);
	keys bigint[] := array(select k.register from centre.key k where k.person = who);
	visits uuid[] := array(select e.id from centre.enrolment e where e.key = any (keys) or e.subject = any (keys));
	t record;
	found_rows jsonb;
	told jsonb := '[]';
begin
	for t in select s.* from internal.stored_tables() s where s.where_rows <> '' loop
		execute format('select coalesce(jsonb_agg(to_jsonb(internal.whole(t)) order by %s), ''[]'') from centre.%I t where %s', t.sort, t.name, t.where_rows)
			using who, keys, visits into found_rows;
		found_rows := (select jsonb_agg(r.fields order by r.ordinality) from (
			select x.ordinality, (select jsonb_agg(jsonb_build_object('name', c.name, 'value', case c.how
					when 'shown' then x.value ->> c.name
					when 'sized' then octet_length(decode(substr(x.value ->> c.name, 3), 'hex')) || ' B'
					else '•••' end) order by array_position('{shown,sized,secret}'::text[], c.how), c.at)
				from (select n, 'shown', o from regexp_split_to_table(t.shown, ',') with ordinality s(n, o)
					union all select n, 'sized', o from regexp_split_to_table(t.sized, ',') with ordinality s(n, o)
					union all select n, 'secret', o from regexp_split_to_table(t.secret, ',') with ordinality s(n, o)) c(name, how, at)
				where x.value ->> c.name is not null) as fields
			from jsonb_array_elements(found_rows) with ordinality x) r where r.fields is not null);
		if found_rows is not null then
			told := told || jsonb_build_object('name', t.section, 'rows', found_rows);
		end if;
	end loop;
	return told;
end $$;
