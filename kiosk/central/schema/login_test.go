package schema_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central/schema"
)

// loginBench is a bench that the login service is connected to as well.
type loginBench struct {
	*bench
	login *pgxpool.Pool
}

func newLoginBench(t *testing.T) loginBench {
	t.Helper()
	b := newBench(t)
	return loginBench{b, mustPool(t, b.db.Login())}
}

func token(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }

// A row comes back until its time is over, one caller takes it first, and it says nothing but when it is over.
func TestLoginRows(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	get := func(id string) []byte { return must(ask[[]byte](t, b.login, `select login.get($1)`, token(id)))(t) }
	put := func(id, sealed string, life int) error {
		_, err := b.login.Exec(t.Context(), `select login.put($1, $2, $3)`, token(id), []byte(sealed), life)
		return err
	}
	if err := put("a", "one", 60); err != nil {
		t.Fatal(err)
	}
	if err := put("a", "two", 60); err != nil || string(get("a")) != "two" {
		t.Errorf("replaced: %q, %v", get("a"), err)
	}
	if got := get("b"); got != nil {
		t.Errorf("one that nobody kept: %q", got)
	}
	for what, do := range map[string]func() error{
		"a short identifier": func() error { _, err := b.login.Exec(t.Context(), `select login.put('x', 'y', 60)`); return err },
		"for ever":           func() error { return put("c", "x", 86401) },
		"a row too long":     func() error { return put("c", string(make([]byte, 65537)), 60) },
	} {
		wantState(t, what, do(), "BK005")
	}
	type taken struct {
		Sealed []byte
		First  bool
	}
	counts := atOnce(16, func(int) string {
		got, err := row[taken](t, b.login, `select sealed, first from login.take($1)`, token("a"))
		if err != nil || string(got.Sealed) != "two" {
			return fmt.Sprint(err, got)
		}
		return fmt.Sprint(got.First)
	})
	if counts["true"] != 1 || counts["false"] != 15 {
		t.Errorf("taken at once: %v", counts)
	}
	if err := put("a", "three", 60); err != nil {
		t.Fatal(err)
	}
	if got := must(row[taken](t, b.login, `select sealed, first from login.take($1)`, token("a")))(t); got.First || string(got.Sealed) != "three" {
		t.Errorf("what was taken is kept again: %+v", got)
	}
	once := func() string {
		return fmt.Sprint(must(ask[bool](t, b.login, `select login.once($1, 60)`, token("jti")))(t))
	}
	if counts := atOnce(8, func(int) string { return once() }); counts["true"] != 1 || counts["false"] != 7 {
		t.Errorf("once: %v", counts)
	}
	if got := scalar[int](b.bench, `select count(*) from centre.login_row where extract(second from expires_at) <> 0
		or expires_at - clock_timestamp() not between interval '55 seconds' and interval '120 seconds'`); got != 0 {
		t.Errorf("%d rows end in mid of a minute, or not after their life", got)
	}
	if _, err := b.login.Exec(t.Context(), `select login.drop($1)`, token("jti")); err != nil || once() != "true" {
		t.Errorf("a row that was dropped is there: %v", err)
	}
	b.exec(`update centre.login_row set expires_at = clock_timestamp()`)
	if got := must(row[taken](t, b.login, `select sealed, first from login.take($1)`, token("a")))(t); got.Sealed != nil || got.First || get("a") != nil {
		t.Errorf("one that is over: %+v", got)
	}
	must(ask[int](t, b.registrar, `select registrar.expire()`))(t)
	if got := scalar[int](b.bench, `select count(*) from centre.login_row`); got != 0 {
		t.Errorf("%d rows that are over were not deleted", got)
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	dsn := b.db.Admin()
	type told struct {
		ID, Name, Sector, Auth string
		RedirectURIs           []string `json:"redirect_uris"`
		Loopback               bool
		Secrets, Claims        []string
		JWKS                   any
		IDTokenAlg             string `json:"id_token_alg"`
	}
	read := func(id string) *told {
		t.Helper()
		raw := must(ask[[]byte](t, b.login, `select login.client($1)`, id))(t)
		if raw == nil {
			return nil
		}
		var c told
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		return &c
	}
	digest := func(secret string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(secret))) }
	shop := schema.Client{ID: "shop", Name: "Loja", RedirectURIs: []string{"https://shop.example.pt/cb"}, Auth: "client_secret_basic", Claims: []string{"name"}}
	first := must(schema.AddClient(t.Context(), dsn, shop))(t)
	want := told{ID: "shop", Name: "Loja", Sector: "shop.example.pt", Auth: "client_secret_basic", RedirectURIs: shop.RedirectURIs,
		Secrets: []string{digest(first)}, Claims: []string{"name"}, IDTokenAlg: "RS256"}
	if diff := cmp.Diff(&want, read("shop")); diff != "" {
		t.Error(diff)
	}
	second := must(schema.RotateClient(t.Context(), dsn, "shop", time.Hour))(t)
	want.Secrets = []string{digest(second), digest(first)}
	if diff := cmp.Diff(&want, read("shop")); diff != "" {
		t.Errorf("rotated: %s", diff)
	}
	third := must(schema.RotateClient(t.Context(), dsn, "shop", 0))(t)
	if got := read("shop").Secrets; !cmp.Equal(got, []string{digest(third)}) {
		t.Errorf("rotated at once: %v", got)
	}
	signs := schema.Client{ID: "signs", Name: "Assina", RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]/cb"}, Loopback: true, Sector: "example.pt",
		Auth: "private_key_jwt", JWKS: []byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}`)}
	if secret := must(schema.AddClient(t.Context(), dsn, signs))(t); secret != "" || len(read("signs").Secrets) != 0 || read("signs").JWKS == nil || !read("signs").Loopback {
		t.Errorf("one that signs: %q %+v", secret, read("signs"))
	}
	if err := schema.SuspendClient(t.Context(), dsn, "shop"); err != nil || read("shop") != nil {
		t.Errorf("suspended, and told all the same: %v", err)
	}
	if err := schema.ResumeClient(t.Context(), dsn, "shop"); err != nil || read("shop") == nil {
		t.Errorf("resumed: %v", err)
	}
	if read("nobody") != nil {
		t.Error("one that nobody registered")
	}
	all := must(schema.Clients(t.Context(), dsn))(t)
	if len(all) != 2 || all[0].ID != "shop" || all[1].Sector != "example.pt" {
		t.Errorf("%+v", all)
	}
	for _, c := range []struct {
		change func(*schema.Client)
		want   error
	}{
		{func(c *schema.Client) { c.ID = "shop" }, schema.ErrClientExists},
		{func(c *schema.Client) { c.ID = "Shop" }, schema.ErrClient},
		{func(c *schema.Client) { c.Name = "" }, schema.ErrClient},
		{func(c *schema.Client) { c.Auth = "none" }, schema.ErrClient},
		{func(c *schema.Client) { c.RedirectURIs, c.Sector = nil, "x" }, schema.ErrClient},
		{func(c *schema.Client) { c.RedirectURIs[0] = "http://shop.example.pt/cb" }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs[0] = "https://shop.example.pt/cb#x" }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs[0] = "https://a@shop.example.pt/cb" }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs[0] = "http://127.0.0.1/cb" }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs[0], c.Loopback = "http://127.0.0.1:8080/cb", true }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs[0], c.Loopback = "http://localhost/cb", true }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.LogoutURIs = []string{"javascript:alert(1)"} }, schema.ErrClientRedirect},
		{func(c *schema.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://other.example.pt/cb") }, schema.ErrClientSector},
		{func(c *schema.Client) { c.Claims = []string{"photo"} }, schema.ErrClientClaim},
		{func(c *schema.Client) { c.Auth = "private_key_jwt" }, schema.ErrClientKeys},
		{func(c *schema.Client) { c.JWKS = signs.JWKS }, schema.ErrClientKeys},
		{func(c *schema.Client) { c.Auth, c.JWKS = "private_key_jwt", []byte(`{"keys":[]}`) }, schema.ErrClientKeys},
		{func(c *schema.Client) { c.Auth, c.JWKS = "private_key_jwt", []byte(`{"keys":[{"kty":"EC","d":"x"}]}`) }, schema.ErrClientKeys},
	} {
		other := shop
		other.ID, other.RedirectURIs = "other", []string{shop.RedirectURIs[0]}
		c.change(&other)
		if _, err := schema.AddClient(t.Context(), dsn, other); err != c.want {
			t.Errorf("%+v: %v, want %v", other, err, c.want)
		}
		if other.ID != "other" || c.want == schema.ErrClientSector { // both stay as they are
			continue
		}
		if _, err := schema.ChangeClient(t.Context(), dsn, "shop", func(s *schema.Client) error { c.change(s); return nil }); err != c.want {
			t.Errorf("changed to %+v: %v, want %v", other, err, c.want)
		}
	}
	change := func(do func(*schema.Client)) (secret string) {
		t.Helper()
		return must(schema.ChangeClient(t.Context(), dsn, "shop", func(c *schema.Client) error { do(c); return nil }))(t)
	}
	want.Secrets, want.RedirectURIs, want.Claims = []string{digest(third)}, []string{"https://a.example.pt/cb", "https://b.example.pt/cb"}, []string{"name", "email"}
	secret := change(func(c *schema.Client) {
		c.ID, c.State, c.RedirectURIs, c.Claims = "other", "suspended", want.RedirectURIs, want.Claims
	})
	if diff := cmp.Diff(&want, read("shop")); diff != "" || secret != "" {
		t.Errorf("changed: %q %s", secret, diff)
	}
	if secret := change(func(c *schema.Client) { c.Auth, c.JWKS = signs.Auth, signs.JWKS }); secret != "" || len(read("shop").Secrets) != 0 {
		t.Errorf("signs now, and has a secret: %q %+v", secret, read("shop"))
	}
	secret = change(func(c *schema.Client) { c.Auth, c.JWKS = "client_secret_post", nil })
	if got := read("shop"); !cmp.Equal(got.Secrets, []string{digest(secret)}) || got.JWKS != nil {
		t.Errorf("has a secret again: %q %+v", secret, got)
	}
	if _, err := schema.ChangeClient(t.Context(), dsn, "nobody", func(*schema.Client) error { return nil }); err != schema.ErrNoClient {
		t.Errorf("nobody changed: %v", err)
	}
	if _, err := schema.RotateClient(t.Context(), dsn, "signs", 0); err != schema.ErrClientSecret {
		t.Errorf("a secret of one that signs: %v", err)
	}
	if _, err := schema.RotateClient(t.Context(), dsn, "nobody", 0); err != schema.ErrNoClient {
		t.Errorf("a secret of nobody's: %v", err)
	}
	if err := schema.SuspendClient(t.Context(), dsn, "nobody"); err != schema.ErrNoClient {
		t.Errorf("nobody suspended: %v", err)
	}
	if got := scalar[int](b.bench, `select count(*) from centre.log_leaf where kind = 'client'`); got < 5 {
		t.Errorf("%d leaves of services", got)
	}
	// Where a service is named is its own row, and the leaves of that.
	for _, table := range mustNames(t, mustConnect(t, dsn), `select tablename::text from pg_tables where schemaname = 'centre' and tablename not in ('client', 'log_leaf')`) {
		if n := scalar[int](b.bench, `select count(*) from centre.`+table+` t where t::text ~ '(signs|Assina|Loja\M)'`); n > 0 {
			t.Errorf("centre.%s names a service", table)
		}
	}
}

// webTry makes a try that is signed in, past PIN and code, as login.code leaves it.
func (b *bench) webTry(register int64) uuid.UUID {
	b.tb.Helper()
	id := newID()
	b.exec(`insert into centre.sign_in_try (id, key, model, named, made_at, admitted, state, settled, signed_at, epoch)
		values ($1, $2, $2, '', now(), true, 'signed_in', true, clock_timestamp(), internal.epoch($2))`, id, register)
	return id
}

// What a try opens, and what ends that.
func TestHolder(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	holder := func(try uuid.UUID) (string, error) {
		return ask[string](t, b.login, `select concat_ws(' ', level, convert_from(record, 'UTF8'), numbers::text, epoch) from login.holder($1)`, try)
	}
	_, register := b.desk.enrol(citizen(), zeferina)
	b.exec(`insert into centre.person_number (person, kind, value, source, paper) select person, v.* from centre.key,
		(values ('nif', '400000016', 'chip', null), ('niss', '11111111111', 'paper', 'niss_card'), ('nsns', '111111111', 'said', null)) v where register = $1`, register)
	try := b.webTry(register)
	want := fmt.Sprintf(`high record [{"kind": "nif", "value": "400000016", "source": "proven"}, {"kind": "niss", "value": "11111111111", "source": "shown"}] %d.1.%d`,
		register, scalar[int64](b.bench, `select internal.epoch($1)`, register))
	if got, err := holder(try); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := b.admin.Exec(t.Context(), `select internal.change_key($1, 'lock', 'wrong_pins')`, register); err != nil {
		t.Fatal(err)
	}
	if _, err := holder(try); err != nil {
		t.Errorf("a stranger's wrong PINs signed somebody out: %v", err)
	}
	for what, sql := range map[string]string{
		"too old":               `update centre.sign_in_try set signed_at = signed_at - interval '901 seconds' where id = $1`,
		"not signed in yet":     `update centre.sign_in_try set state = 'code' where id = $1`,
		"over":                  `update centre.sign_in_try set state = 'over' where id = $1`,
		"at a desk":             `update centre.sign_in_try set enrolment = (select max(id::text)::uuid from centre.enrolment) where id = $1`,
		"of a pending key":      `update centre.sign_in_try set pending = true where id = $1`,
		"of another epoch":      `update centre.sign_in_try set epoch = epoch - 1 where id = $1`,
		"of a key that is over": `update centre.key set valid_until = current_date - 1, change = '{"cause": "renew"}' where register = (select key from centre.sign_in_try where id = $1)`,
	} {
		tx := must(b.admin.Begin(t.Context()))(t)
		if _, err := tx.Exec(t.Context(), sql, try); err != nil {
			t.Fatal(what, err)
		}
		var none *int
		wantState(t, what, tx.QueryRow(t.Context(), `select 1 from login.holder($1)`, try).Scan(&none), "BK019")
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := holder(try); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	b.exec(`alter table centre.key disable trigger key_recorded`)
	for _, cause := range []string{"suspend", "not_me", "cancel", "pin", "renew", "phone", "unblock", "block"} {
		_, register := b.desk.enrol(citizen(), name{fmt.Sprint("Nome", lastNumber.Add(1)), "Ana", "1980-01-01"})
		if cause == "unblock" {
			b.exec(`select internal.change_key($1, 'lock', 'wrong_pins')`, register)
		}
		try := b.webTry(register)
		b.exec(`select internal.change_key($1, $2, (select min(reason) from centre.reason where cause = $2))`, register, cause)
		if _, err := holder(try); word("", err) != "BK019" {
			t.Errorf("after %s: %v, want BK019", cause, err)
		}
	}
	_, err := holder(newID())
	wantState(t, "a try that nobody began", err, "BK019")
}
