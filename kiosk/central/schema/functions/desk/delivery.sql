-- Calls of a desk about messages.

create function desk.messages(p_certificate bytea, p_enrolment uuid, out messages jsonb)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
	caller text := internal.desk_of(p_certificate);
begin
	if not exists (select from centre.enrolment e where e.id = p_enrolment and e.desk = caller) then
		perform internal.refuse('BK001', 'unknown_enrolment');
	end if;
	-- What a queued one met is the operator's to see, but that nothing leaves just now the desk may as well know.
	messages := (select coalesce(jsonb_agg(jsonb_build_object('kind', m.kind, 'channel', m.channel, 'state', m.state, 'at',
				coalesce(m.ended_at, m.sent_at, m.queued_at))
			|| case when m.reason is not null then jsonb_build_object('reason', m.reason) else '{}' end order by m.job), '[]')
		from centre.message m where m.enrolment = p_enrolment);
end $$;
comment on function desk.messages is 'How far the messages of a visit came, the oldest first: [{kind, channel, state, at, reason (a kiosk.FailReason: why it failed, or why a queued
one has not left)}]. kind: send_code, sign_in_code, activation, welcome, notify.';
