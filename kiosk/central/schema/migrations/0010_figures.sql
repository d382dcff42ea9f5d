-- Figures of the centre, for those who watch it.

create table centre.desk_seen (
	desk text primary key references centre.desk,
	at   timestamptz not null
) with (fillfactor = 50);
comment on table centre.desk_seen is 'When each desk was last heard of, to a minute, see internal.desk_heard.';
