-- What a registrar does as days go by.

create function registrar.keep(p_most integer default 50, out rule text, out n integer) returns setof record
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	-- One at a time: two would want the same rows.
	if not pg_try_advisory_xact_lock(hashtextextended('keep', 4)) then
		return;
	end if;
	foreach rule in array '{key,visit,job,search}'::text[] loop
		n := internal.keep_rule(rule, p_most);
		if n > 0 then
			return next;
		end if;
	end loop;
	rule := 'content';
	n := internal.sweep_content();
	if n > 0 then
		return next;
	end if;
end $$;
comment on function registrar.keep is 'Deletes what is due, at most so much under each rule, and content that nothing refers to any more, and says what it deleted. Call it again while it deletes something, and every
hour.';

create function registrar.tell_expiry(p_most integer default 500) returns integer
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	periods integer[] := array(select d from unnest(array[internal.setting('expiry_first_days'), internal.setting('expiry_second_days'),
		internal.setting('expiry_last_days')]) d where d > 0 order by d);
	today date := (clock_timestamp() at time zone 'Europe/Lisbon')::date;
	grace integer := internal.setting('national_grace_days');
	k record;
	n integer := 0;
begin
	-- Of the periods that have begun only the newest is told of: whoever was not told in time is told once.
	for k in
		select x.register, x.valid_until, d.days, least(x.valid_until, coalesce((v.verification ->> 'document_until')::date,
				x.valid_until - case when p.nationality = 'PRT' then grace else 0 end)) as document
			from centre.key x join centre.person p on p.id = x.person
				left join centre.evidence v on v.enrolment = p.enrolment,
				lateral (select min(d) from unnest(periods) d where d >= x.valid_until - today) d(days)
			where x.living and x.state <> 'pending' and x.valid_until between today and today + periods[cardinality(periods)]
				and not exists (select from centre.expiry_notice e where e.key = x.register and e.valid_until = x.valid_until and e.days <= d.days)
			order by x.valid_until, x.register limit p_most for no key update of x skip locked
	loop
		insert into centre.expiry_notice (key, valid_until, days) values (k.register, k.valid_until, k.days);
		perform internal.notify(k.register, null, 'expiry', null,
			jsonb_build_object('days', k.valid_until - today, 'document', k.document, 'valid_until', k.valid_until));
		n := n + 1;
	end loop;
	return n;
end $$;
comment on function registrar.tell_expiry is 'Has holders told that their key ends, once for each period (settings expiry_first_days, expiry_second_days, expiry_last_days before the
key''s last day). Returns how many. Call it again while it returns p_most, and every hour.';
