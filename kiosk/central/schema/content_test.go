package schema_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"balcao/kiosk/central/schema"
)

// jwsOf has the form of package transcript, with certificates that are their text.
func jwsOf(citizen string) []byte {
	signature := func(role string, certificates ...string) string {
		for i, c := range certificates {
			certificates[i] = fmt.Sprintf("%q", base64.StdEncoding.EncodeToString([]byte(strings.Repeat(c, 40))))
		}
		head := fmt.Sprintf(`{"alg":"RS256","typ":"balcao-%s","x5c":[%s]}`, role, strings.Join(certificates, ","))
		return fmt.Sprintf(`{"protected":%q,"signature":%q}`, base64.RawURLEncoding.EncodeToString([]byte(head)), base64.RawURLEncoding.EncodeToString([]byte(citizen)))
	}
	return fmt.Appendf(nil, `{"payload":%q,"signatures":[%s,%s,%s]}`, base64.RawURLEncoding.EncodeToString([]byte(`{"v":2,"to":"`+citizen+`"}`)),
		signature("citizen", citizen, "issuer"), signature("desk", "desk"), signature("staff", "staff"))
}

// element is DER.
func element(tag byte, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	return append([]byte{tag, 0x82, byte(len(all) >> 8), byte(len(all))}, all...)
}

// sodOf has the certificates of a signer where an EF.SOD has them.
func sodOf(mark, signer string) []byte {
	return element(0x77, element(0x30, element(0x06, []byte{42}), element(0xA0, element(0x30, element(0x02, []byte{3}), element(0x31), element(0x30, []byte(mark)),
		element(0xA0, bytes.Repeat([]byte(signer), 40)), element(0x31, []byte(mark))))))
}

// Evidence comes back octet for octet, whatever it is; of what is common there is one; and what nothing refers to goes.
func TestContentIsKeptOnce(t *testing.T) {
	t.Parallel()
	db, admin := atVersion(t, 8) // the last without content
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	count := func(sql string) (n int) {
		t.Helper()
		if err := admin.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return n
	}
	type kept struct{ JWS, SOD []byte }
	evidence := []kept{
		{jwsOf("Ana"), sodOf("a", "signer")}, {jwsOf("Rui"), sodOf("b", "signer")}, {jwsOf("Eva"), sodOf("c", "other")},
		{jwsOf("Gil"), nil}, {[]byte("no JSON"), []byte{0x77, 0x80}}, {[]byte(`{"payload":"e30"}`), []byte{0x77, 5}}, {[]byte(`{"signatures":[],"payload":"e30"}`), []byte{}},
		{bytes.Replace(jwsOf("Leo"), []byte(`","signature"`), []byte(`", "signature"`), 1), append(sodOf("d", "signer"), 0)},
		{jwsOf(`["`), sodOf("e", "")},
	}
	id := func(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }
	exec(`insert into centre.desk (name) values ('loja_1')`)
	for i, e := range evidence {
		exec(`insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
			values ($1, 'loja_1', 'active', 'citizen-card', false, sha256('x'), now(), now())`, id(i))
		exec(`insert into centre.evidence (enrolment, content_hash, jws, sod) values ($1, '', $2, $3)`, id(i), e.JWS, e.SOD)
	}
	check := func(when string) {
		t.Helper()
		for i, want := range evidence {
			var got kept
			if err := admin.QueryRow(t.Context(), `select w.jws, w.sod from centre.evidence v, lateral internal.whole(v) w where v.enrolment = $1`, id(i)).
				Scan(&got.JWS, &got.SOD); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.JWS, want.JWS) || !bytes.Equal(got.SOD, want.SOD) {
				t.Errorf("%s, evidence %d: %q and %x, want %q and %x", when, i, got.JWS, got.SOD, want.JWS, want.SOD)
			}
		}
	}
	if _, _, err := schema.Migrate(t.Context(), db.Admin()); err != nil { // which converts
		t.Fatal(err)
	}
	check("converted")
	if n := count(`select count(*) from centre.evidence where jws is null and payload is not null`); n != 5 {
		t.Errorf("%d of 9 were taken apart, want the 5 in their one form", n)
	}
	if n := count(`select count(*) from centre.evidence where jws is null and sod_at is not null`); n != 4 {
		t.Errorf("of %d a document's signer is kept once, want 4", n)
	}
	if n := count(`select count(*) from centre.evidence where strpos(encode(signed[1], 'escape'), 'Ana') > 0 or payload is null`); n != 5 {
		t.Errorf("a citizen's own certificate is not with them: %d", n)
	}
	// Three headers, and the certificates of two signers and of none.
	if n := count(`select count(distinct c) from centre.evidence, unnest(content) c`); n != 6 {
		t.Errorf("%d contents are in use, want 6", n)
	}
	if n := count(`select count(*) from centre.content where strpos(encode(bytes, 'escape'), 'Ana') > 0 or strpos(encode(bytes, 'escape'), encode(convert_to('AnaAna', 'UTF8'), 'base64')) > 0`); n != 0 {
		t.Error("something of a citizen's own is kept for all")
	}
	sweep := func() int { return count(`select internal.sweep_content()`) }
	exec(`delete from centre.evidence where enrolment = $1`, id(2)) // whose signer is nobody else's
	if n := sweep(); n != 0 {
		t.Errorf("%d were deleted that were in use today", n)
	}
	exec(`update centre.content set used_at = now() - interval '31 days'`)
	left := count(`select count(*) from centre.content`) - 5
	if n := sweep(); n != left {
		t.Errorf("%d were deleted, want the %d that nothing refers to", n, left)
	}
	evidence[2] = evidence[0] // is gone
	exec(`insert into centre.evidence (enrolment, content_hash, jws, sod) values ($1, '', $2, $3)`, id(2), evidence[0].JWS, evidence[0].SOD)
	check("swept")
	exec(`alter table centre.content drop constraint content_check`)
	exec(`delete from centre.content where id = (select content[1] from centre.evidence where enrolment = $1)`, id(0))
	if err := admin.QueryRow(t.Context(), `select (internal.whole(v)).jws from centre.evidence v where v.enrolment = $1`, id(0)).Scan(new([]byte)); err == nil {
		t.Error("evidence is told of which something is missing")
	}
}

// What a desk binds is packed when it became a key, exported as it was, and shown with its size.
func TestContentOfAKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, register := b.desk.enrol(citizen(), zeferina)
	jws := scalar[[]byte](b, `select (internal.whole(e)).jws from centre.evidence e`)
	var stored []struct {
		Name string
		Rows [][]struct{ Name, Value string }
	}
	if err := json.Unmarshal([]byte(scalar[string](b, `select internal.stored($1)::text`, register)), &stored); err != nil {
		t.Fatal(err)
	}
	for _, s := range stored {
		if s.Name != "evidence" {
			continue
		}
		for _, f := range s.Rows[0] {
			if f.Name == "jws" && f.Value == fmt.Sprintf("%d B", len(jws)) {
				return
			}
		}
	}
	t.Errorf("the size of the proof is not shown: %v", stored)
}
