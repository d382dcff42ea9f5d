package schema_test

import (
	"testing"

	"balcao/kiosk/central/cluster"
)

// Retention deletes these, and whatever refers to them before: each reference is found by an index.
func TestReferencesHaveIndexes(t *testing.T) {
	t.Parallel()
	admin := mustConnect(t, cluster.NewDatabase(t).Admin())
	for _, missing := range mustNames(t, admin, `with recursive deleted(t) as (
			select unnest('{centre.person,centre.key,centre.enrolment,centre.job,centre.search}'::regclass[])::oid
			union select k.conrelid from pg_constraint k join deleted d on k.confrelid = d.t where k.contype = 'f')
		select k.conrelid::regclass || '.' || a.attname from pg_constraint k join deleted d on k.confrelid = d.t
			join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
		where k.contype = 'f' and not exists (select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1]
			and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname))) order by 1`) {
		t.Errorf("%s has no index", missing)
	}
}
