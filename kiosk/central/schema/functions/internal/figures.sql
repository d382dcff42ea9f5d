-- When desks were heard of.

-- Notes that a desk calls. To a minute, so that it costs little; nothing waits for the disk, and what a crash loses is said
-- again at the next call. A server that became a standby refuses it, as every call that writes.
create function internal.desk_heard(p_desk text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz := clock_timestamp();
begin
	if exists (select from centre.desk_seen s where s.desk = p_desk and s.at > t - interval '1 minute') then
		return;
	end if;
	perform set_config('synchronous_commit', 'off', true);
	insert into centre.desk_seen (desk, at) values (p_desk, t) on conflict (desk) do update set at = excluded.at;
end $$;

-- Each desk: heard of within 15 minutes; silent for longer, though somebody is signed in there; idle otherwise; or suspended
-- or revoked. seen: when it was heard of last, which a sign-in is too; null when never.
create function internal.desks_heard(out desk text, out state text, out seen timestamptz) returns setof record
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select d.name, case
			when d.state <> 'active' then d.state
			when greatest(s.at, h.signed_at) > clock_timestamp() - interval '15 minutes' then 'heard'
			when h.ends_at > clock_timestamp() then 'silent'
			else 'idle' end, greatest(s.at, h.signed_at)
		from centre.desk d left join centre.desk_seen s on s.desk = d.name
			left join centre.shift h on h.desk = d.name and h.signed_at is not null and h.ended_at is null
$$;
