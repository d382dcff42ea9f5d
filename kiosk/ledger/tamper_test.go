package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"balcao/kiosk/ledger"
)

// number is the leaf's that stands for the newest change of a row.
func (c *centre) number(table, row string) int64 {
	c.t.Helper()
	return scalar[int64](c, `select max(number) from centre.log_leaf where kind = $1 and row = $2`, table, row)
}

// recompute makes the stored tree anew from the leaves as they are, as a superuser can.
func (c *centre) recompute() {
	c.t.Helper()
	rows, err := c.admin.Query(c.t.Context(), `select at, kind, op, row, actor, coalesce(subject, ''), coalesce(hidden, ''), sealed, columns
		from centre.log_leaf where number is not null order by number`)
	c.check(err)
	var tree []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
		for _, i := range indexes {
			hashes = append(hashes, tree[i])
		}
		return hashes, nil
	})
	n := int64(0)
	for ; rows.Next(); n++ {
		var l ledger.Leaf
		c.check(rows.Scan(&l.At, &l.Table, &l.Op, &l.Row, &l.Actor, &l.Subject, &l.Hidden, &l.Sealed, &l.Columns))
		hashes, err := tlog.StoredHashes(n, l.Bytes(), read)
		c.check(err)
		tree = append(tree, hashes...)
	}
	c.check(rows.Err())
	bytes := make([][]byte, len(tree))
	for i, h := range tree {
		bytes[i] = h[:]
	}
	c.behind(fmt.Sprintf("delete from centre.log_hash;\nupdate centre.log_state set size = %d", n))
	c.behind(`insert into centre.log_hash select n - 1, h from unnest($1::bytea[]) with ordinality x(h, n)`, bytes)
}

// A superuser does this, and the audit names it.
func TestTampering(t *testing.T) {
	one := lived(t)
	kept, n := one.newest(), one.number("key_event", "2")
	for name, test := range map[string]struct {
		do   string // with the triggers off; %[1]d is the number of the leaf of key_event 2
		then func(*centre)
		want []string
	}{
		"a row is changed":                {do: `update centre.setting set value = '10' where name = 'code_tries'`, want: []string{"changed: setting code_tries: ", ": value"}},
		"a desk comes back":               {do: `update centre.desk set state = 'active' where name = 'loja_2'`, want: []string{"changed: desk loja_2: ", ": state"}},
		"an event is changed":             {do: `update centre.key_event set reason = 'recovered' where id = 2`, want: []string{"changed: key_event 2: ", ": reason"}},
		"a person is changed":             {do: `update centre.person set surname = 'Outra' where id = 1`, want: []string{"changed: person 1: ", "one of birth_date"}},
		"a person's past is changed":      {do: `update centre.person_event set was = '{"surname": "Outra"}' where person = 2 and was is not null`, want: []string{"changed: person_event ", "one of was"}},
		"a contact is changed":            {do: `update centre.key_contact set value = '+351910000009' where key = 3`, want: []string{"changed: key_contact 3/sms: ", "one of mailbox,value"}},
		"a PIN is exchanged":              {do: `update centre.key set pin_hash = '$argon2id$y' where register = 1`, want: []string{"changed: key 1: ", "one of pin_hash,pin_subject,tax_number"}},
		"a level is raised":               {do: `update centre.key set level = 'substantial' where register = 1`, want: []string{"changed: key 1: ", ": level"}},
		"a law is widened":                {do: `update centre.legal_extension set kinds = kinds || '{residence-card}'`, want: []string{"changed: legal_extension Lei: ", ": kinds"}},
		"a clerk becomes supervisor":      {do: `update centre.staff set role = 'supervisor'`, want: []string{"changed: staff F0417: ", ": role"}},
		"a clerk gets another name":       {do: `update centre.staff set name = 'Rui Neves'`, want: []string{"changed: staff F0417: ", "one of name"}},
		"an event is deleted":             {do: `delete from centre.key_event where id = 2`, want: []string{"deleted: key_event 2: "}},
		"a desk's certificate is deleted": {do: `delete from centre.desk_certificate where desk = 'loja_2'`, want: []string{`deleted: desk_certificate \x`}},
		"an event is inserted":            {do: `insert into centre.key_event (key, from_state, to_state, reason) values (1, 'active', 'suspended', 'lost')`, want: []string{"inserted: key_event 4: ", `changed: key 1: it is "active", and its newest event says "suspended"`}},
		"an event is copied": {do: `insert into centre.key_event (key, at, to_state, reason, actor, desk, enrolment)
			select key, at, to_state, reason, actor, desk, enrolment from centre.key_event where id = 2`, want: []string{"inserted: key_event 4: no leaf", "inserted: key_event 4: key 2 goes on from"}},
		"a key is copied to somebody else": {do: `insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
			values ('PRT', '12345678', 'Outra', 'Eva', '1990-01-01', '1990-01-01', 'PRT');
			insert into centre.key (person, state, level, pin_hash, valid_until, enrolment) select max(p.id), 'active', 'high', '$argon2id$x', '2040-01-01', gen_random_uuid() from centre.person p`,
			want: []string{"inserted: person 4: ", "inserted: key 4: "}},
		"an event is logged and back-dated": {then: func(c *centre) {
			c.exec(`insert into centre.key_event (key, at, from_state, to_state, reason) values (1, now() - interval '1 year', 'active', 'active', 'checked')`)
		}, want: []string{"back-dated: key_event 4: it says "}},
		"a leaf is back-dated": {then: func(c *centre) {
			c.behind(`insert into centre.key_event (key, at, from_state, to_state, reason) values (1, now() - interval '1 year', 'active', 'active', 'checked');
				insert into centre.log_leaf (at, kind, op, row, columns) select now() - interval '1 year', 'key_event', 'insert', '4', ''`)
		}, want: []string{"back-dated: key_event 4: its leaf says "}},
		"a leaf is changed with its row": {do: `update centre.key_event set reason = 'recovered' where id = 2;
			update centre.log_leaf set columns = replace(columns, '8:enrolled', '9:recovered') where number = %[1]d`,
			want: []string{"changed: key_event 2: its leaf, number "}},
		"a leaf is deleted with its row": {do: `delete from centre.key_event where id = 2;
			delete from centre.log_leaf where number = %[1]d`, want: []string{"deleted: the log: leaf ", `changed: key 2: it is "active", and no event tells of it`}},
		"a leaf is deleted and the others move up": {do: `delete from centre.key_event where id = 2;
			delete from centre.log_leaf where number = %[1]d;
			update centre.log_leaf set number = number + 1000000 where number > %[1]d`, then: func(c *centre) {
			c.behind(`update centre.log_leaf set number = number - 1000001 where number > 1000000`)
		}, want: []string{"deleted: the log: the leaf that was logged as "}},
		"a leaf is inserted and the others move down": {do: `update centre.log_leaf set number = number + 1000000 where number >= %[1]d;
			insert into centre.log_leaf (kind, op, row, columns, number) values ('setting', 'update', 'min_age', '', %[1]d)`, then: func(c *centre) {
			c.behind(`update centre.log_leaf set number = number - 999999 where number >= 1000000`)
		}, want: []string{"inserted: setting min_age: its leaf, number "}},
		"two leaves change places": {do: `update centre.log_leaf set number = number + 1000000 where number in (%[1]d, %[1]d + 1);
			update centre.log_leaf set number = case number - 1000000 when %[1]d then %[1]d + 1 else %[1]d end where number >= 1000000`,
			want: []string{"reordered: key_event 2: its leaf has number "}},
		"the newest leaf is deleted": {do: `delete from centre.log_leaf where number = (select max(number) from centre.log_leaf)`,
			want: []string{"deleted: the log: leaf ", "deleted: destination 9999: "}},
		"a row is copied with its leaf": {do: `insert into centre.log_leaf (at, kind, op, row, actor, columns)
			select at, kind, op, row, actor, columns from centre.log_leaf where number = %[1]d`, want: []string{"inserted: key_event 2: a leaf of "}},
		"a trigger is disabled": {then: func(c *centre) { c.exec(`alter table centre.key disable trigger log_key`) },
			want: []string{"unlogged: key : trigger log_key is missing or disabled"}},
		"a trigger does nothing": {then: func(c *centre) {
			c.exec(`drop trigger log_key on centre.key`)
			c.exec(`create function centre.log_change() returns trigger language plpgsql as 'begin return null; end'`)
			c.exec(`create trigger log_key after update on centre.key for each row execute function centre.log_change()`)
		}, want: []string{"unlogged: key : trigger log_key"}},
		"a column is not logged any more": {then: func(c *centre) {
			c.exec(`drop trigger log_desk on centre.desk`)
			c.exec(`create trigger log_desk after update on centre.desk for each row execute function internal.log_change('name', '*', 'state', '')`)
			c.exec(`update centre.desk set added_at = added_at + interval '1 second' where name = 'loja_1'`)
		}, want: []string{"changed: desk loja_1: ", ": state"}},
		"history is added to by hand": {then: func(c *centre) {
			c.exec(`alter table centre.key_event disable trigger key_event_append_only`)
			c.exec(`update centre.key_event set reason = 'recovered' where id = 2`)
		}, want: []string{"changed: key_event 2: balcao_admin did that at "}},
		"a hash of the tree is changed": {do: `update centre.log_hash set hash = sha256('x') where index = 1 + (select max(index) / 2 from centre.log_hash)`,
			want: []string{"changed: the log: "}},
		"the tree is recomputed": {do: `update centre.key_event set reason = 'recovered' where id = 2;
			update centre.log_leaf set columns = replace(columns, '8:enrolled', '9:recovered') where number = %[1]d`, then: (*centre).recompute,
			want: []string{"rewritten: the log: leaves ", "key_event 2"}},
		"the tree is recomputed and the checkpoints are gone": {do: `update centre.key_event set reason = 'recovered' where id = 2;
			update centre.log_leaf set columns = replace(columns, '8:enrolled', '9:recovered') where number = %[1]d;
			delete from centre.log_checkpoint`, then: (*centre).recompute,
			want: []string{"rewritten: the log: leaves 0 to ", "of the checkpoint of a file"}},
		"a checkpoint is forged": {do: `insert into centre.log_checkpoint (size, note) select size, replace(note, 'balcao', 'balc0o') from centre.log_checkpoint`,
			want: []string{"unsigned: log_checkpoint "}},
		"the key of a person is exchanged": {do: `update centre.log_key set key = sha256('x') where subject = 'person 1'`,
			want: []string{"changed: person 1: "}},
		"the key of a person goes unlogged": {do: `delete from centre.log_key where subject = 'person 1'`,
			want: []string{"deleted: log_key person 1: what seals person 1 is gone"}},
		"the holder of a key is forgotten": {then: func(c *centre) { c.exec(`delete from centre.log_key where subject = 'person 1'`) },
			want: []string{"deleted: log_key person 1: the log forgot the holder of key 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := one.copy(t)
			if test.do != "" {
				sql := test.do
				if strings.Contains(sql, "%[1]d") {
					sql = fmt.Sprintf(sql, n)
				}
				c.behind(sql)
			}
			if test.then != nil {
				test.then(c)
			}
			r := c.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}})
			var said []string
			for _, f := range r.Findings {
				said = append(said, f.String())
			}
			text := strings.Join(said, "\n")
			if len(r.Findings) == 0 {
				t.Fatal("the audit found nothing")
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			if len(r.Findings) > 12 {
				t.Errorf("%d findings:\n%s", len(r.Findings), text)
			}
			for _, secret := range []string{"Neves", "Outra", "+3519", "argon2"} {
				if strings.Contains(text, secret) {
					t.Errorf("it names a person:\n%s", text)
				}
			}
		})
	}
}
