package oidc_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

// TestNobodyKnowsWhoWentWhere signs twenty people in at three services, and searches everything that is kept, during and
// after, for a pair of them (Law 37/2014, article 2(9)): no table, no file of the database and no line that was written ahead
// names a service, or what it knows a person by, since the services were registered.
func TestNobodyKnowsWhoWentWhere(t *testing.T) {
	b := newBench(t)
	var people []holder
	for range 20 {
		people = append(people, b.holder())
	}
	services := []service{b.service("portal-one-zq", nil), b.service("portal-two-zq", func(c *schema.Client) { c.RequirePAR = true }), b.service("portal-three-zq", nil)}
	var folder, wal string
	b.check(b.office.Admin.QueryRow(t.Context(), `select current_setting('data_directory')`).Scan(&folder))
	for _, sql := range []string{`vacuum freeze centre.client`, `checkpoint`} { // pages of registrations are not written again
		_, err := b.office.Admin.Exec(t.Context(), sql)
		b.check(err)
	}
	b.check(b.office.Admin.QueryRow(t.Context(), `select pg_walfile_name(pg_switch_wal())`).Scan(&wal))

	words := [][]byte{[]byte("portal-one-zq"), []byte("portal-two-zq"), []byte("portal-three-zq")}
	before := b.searchTables(words) // that they were registered is in the log
	var mu sync.Mutex
	search := func(when string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		for where, n := range b.searchTables(words) {
			if n > before[where] {
				t.Errorf("%s: %s", when, where)
			}
		}
		for _, text := range b.walSince(folder, wal) {
			for _, word := range words {
				if bytes.Contains(text, word) {
					t.Errorf("%s: written ahead: %q", when, word)
				}
			}
		}
	}
	var all sync.WaitGroup
	turns := make(chan struct{}, 4)
	for i, h := range people {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			br := b.browser()
			for _, s := range services {
				verifier, hashed := challenge()
				start := s.start(hashed)
				if s.id == "portal-two-zq" {
					_, said := s.call("/par", s.request(hashed))
					start = fmt.Sprintf("%s/authorize?client_id=%s&request_uri=%s", b.issuer, s.id, said["request_uri"])
				}
				back := br.signIn(start, h)
				status, tokens := s.redeem(back, verifier)
				if status != 200 {
					t.Errorf("tokens: %d %v", status, tokens)
					return
				}
				sub := claims(t, tokens["id_token"])["sub"].(string)
				mu.Lock()
				words = append(words, []byte(sub), []byte(back.Query().Get("code")), []byte(tokens["access_token"].(string)))
				mu.Unlock()
				if status, _ := b.userinfo(tokens["access_token"]); status != 200 {
					t.Errorf("userinfo: %d", status)
				}
				if i == 7 { // each search takes seconds
					search("during")
				}
			}
		})
	}
	all.Wait()
	search("after")
	if len(words) != 3+20*3*3 {
		t.Errorf("searched for %d words", len(words))
	}
	// The search finds what is there.
	_, err := b.office.Admin.Exec(t.Context(), `comment on table centre.client is 'portal-one-zq'`)
	b.check(err)
	if !bytes.Contains(bytes.Join(b.walSince(folder, wal), nil), words[0]) {
		t.Error("what was written ahead is not found")
	}
}

// searchTables counts words in every row of every table but that of the services.
func (b *bench) searchTables(words [][]byte) map[string]int {
	b.Helper()
	rows, err := b.office.Admin.Query(b.Context(), `select schemaname || '.' || quote_ident(tablename) from pg_tables
		where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'client'`)
	b.check(err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	b.check(err)
	found, all := map[string]int{}, 0
	for _, table := range tables {
		rows, err := b.office.Admin.Query(b.Context(), `select t::text from `+table+` t`)
		b.check(err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		b.check(err)
		all += len(texts)
		for _, text := range texts {
			for _, word := range words {
				if strings.Contains(text, string(word)) || strings.Contains(text, fmt.Sprintf("%x", word)) {
					found[fmt.Sprintf("%s names %q", table, word)]++
				}
			}
		}
	}
	if len(tables) < 40 || all < 100 {
		b.Errorf("searched %d rows of %d tables", all, len(tables))
	}
	return found
}

// walSince are the files of what was written ahead, behind one of them.
func (b *bench) walSince(folder, file string) (texts [][]byte) {
	b.Helper()
	_, err := b.office.Admin.Exec(b.Context(), `select pg_switch_wal()`) // what is not in a file yet
	b.check(err)
	files, err := filepath.Glob(filepath.Join(folder, "pg_wal", "0*"))
	b.check(err)
	for _, name := range files {
		if base := filepath.Base(name); len(base) == 24 && base > file {
			text, err := os.ReadFile(name)
			if err != nil {
				b.Logf("%s: recycled", base)
				continue
			}
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		b.Fatal("nothing was written ahead")
	}
	return texts
}

// TestAnInstanceIsKilled: another goes on with the visits of one that is gone, at each of their steps.
func TestAnInstanceIsKilled(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", nil)
	verifier, hashed := challenge()
	br := b.browser()
	_, said := s.call("/par", s.request(hashed))
	b.kill()
	_, at := br.page(br.get(fmt.Sprintf("%s/authorize?client_id=portal&request_uri=%s", b.issuer, said["request_uri"])))
	b.kill()
	_, at = br.page(br.do(at, "sign_in", "name", h.Phone, "pin", h.PIN))
	b.kill()
	page, at := br.page(br.do(at, "code", "code", b.office.SMS.NextCode(t.Context(), t, h.Phone, 0)))
	b.kill()
	if page.Step != "consent" {
		t.Fatalf("at %s", page.Step)
	}
	back := br.do(at, "consent").to
	b.kill()
	_, tokens := s.redeem(back, verifier)
	b.kill()
	if status, info := b.userinfo(tokens["access_token"]); status != 200 || info["email"] != h.Email {
		t.Errorf("userinfo: %d %v", status, info)
	}
	b.kill()
	if page, _ := br.page(br.get(s.start(hashed))); page.Step != "consent" {
		t.Errorf("signed in no more: %s", page.Step)
	}
}
