package country_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

func mustList(t testing.TB, signer *trusttest.Authority, change func(*x509.RevocationList)) *icao.RevocationList {
	t.Helper()
	template := x509.RevocationList{Number: big.NewInt(1), ThisUpdate: trusttest.Now.Add(-24 * time.Hour), NextUpdate: trusttest.Now.Add(60 * 24 * time.Hour)}
	if change != nil {
		change(&template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, &template, signer.Cert, signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := icao.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lists makes a change to a list that names certificates.
func listing(reason int, revoked ...*trusttest.Authority) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		for _, a := range revoked {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: a.Cert.SerialNumber, RevocationTime: trusttest.Now.Add(-48 * time.Hour), ReasonCode: reason})
		}
	}
}

func mustWithLists(t testing.TB, authorities []*trusttest.Authority, lists ...*icao.RevocationList) *country.Authorities {
	t.Helper()
	var certificates []*icao.Certificate
	for _, a := range authorities {
		certificates = append(certificates, mustParse(t, a))
	}
	c, err := country.New(certificates, lists...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Of each State the newest list counts, and of all States the one whose ends first, also when it has ended.
func TestAuthorities_ListsEnd(t *testing.T) {
	u := mustUtopia(t).first
	other := trusttest.MustIssue(t, countryTemplate("PT", "CSCA"), nil, trusttest.MustKey(t))
	ends := func(signer *trusttest.Authority, days int) *icao.RevocationList {
		return mustList(t, signer, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.AddDate(0, 0, days) })
	}
	for name, c := range map[string]struct {
		lists []*icao.RevocationList
		days  int
	}{
		"one State, a newer list":     {[]*icao.RevocationList{ends(u, 3), ends(u, 90)}, 90},
		"two States":                  {[]*icao.RevocationList{ends(u, 3), ends(u, 90), ends(other, 30)}, 30},
		"one whose newest has ended":  {[]*icao.RevocationList{ends(u, 90), ends(other, 0)}, 0},
		"the newest comes first read": {[]*icao.RevocationList{ends(u, 90), ends(u, 3)}, 90},
	} {
		got := mustWithLists(t, []*trusttest.Authority{u, other}, c.lists...).ListsEnd()
		all := mustWithLists(t, []*trusttest.Authority{u, other}, c.lists...)
		if early, late := all.ListsEnded(got.Add(-time.Second)), all.ListsEnded(got.Add(time.Second)); len(early) != 0 || len(late) != 1 {
			t.Errorf("%s: before its end %v, behind it %v have ended", name, early, late)
		}
		if want := trusttest.Now.AddDate(0, 0, c.days); got.Sub(want).Abs() > time.Second {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if got := mustWithLists(t, []*trusttest.Authority{u}).ListsEnd(); !got.IsZero() {
		t.Errorf("without a list: got %s", got)
	}
	if got := (*country.Authorities)(nil).ListsEnd(); !got.IsZero() || (*country.Authorities)(nil).ListsEnded(trusttest.Now) != nil {
		t.Errorf("without States: got %s", got)
	}
}

func TestAuthorities_Status(t *testing.T) {
	u := mustUtopia(t)
	renamed, nameLink := mustRekey(t, u.first, countryTemplate("UT", "CSCA Utopia, renamed"))
	apart := trusttest.MustIssue(t, countryTemplate("UT", "CSCA of an island of Utopia"), nil, trusttest.MustKey(t))
	stranger := mustUtopia(t).first
	other := trusttest.MustIssue(t, countryTemplate("PT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	silent := countryTemplate("UT", "CSCA Utopia")
	silent.KeyUsage = x509.KeyUsageCertSign
	noLists := trusttest.MustIssue(t, silent, nil, u.first.Key)
	all := []*trusttest.Authority{u.first, u.link, u.second}

	later := func(l *x509.RevocationList) { l.ThisUpdate = trusttest.Now.Add(-time.Hour) }
	both := func(changes ...func(*x509.RevocationList)) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			for _, change := range changes {
				change(l)
			}
		}
	}
	alsoNamed := func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{
			Id: asn1.ObjectIdentifier{2, 5, 29, 18}, Value: trusttest.Wrap(0x30, trusttest.Wrap(0xA4, u.first.Cert.RawSubject)),
		}}
	}
	revoked := listing(1, u.firstSigner)

	cases := map[string]struct {
		authorities []*trusttest.Authority
		lists       []*icao.RevocationList
		want        trust.Status // "" for unknown
	}{
		"good":                  {all, []*icao.RevocationList{mustList(t, u.first, nil)}, trust.Good},
		"revoked":               {all, []*icao.RevocationList{mustList(t, u.first, revoked)}, trust.Revoked},
		"revoked, no reason":    {all, []*icao.RevocationList{mustList(t, u.first, listing(0, u.firstSigner))}, trust.Revoked},
		"suspended":             {all, []*icao.RevocationList{mustList(t, u.first, listing(6, u.firstSigner))}, trust.Suspended},
		"another revoked":       {all, []*icao.RevocationList{mustList(t, u.first, listing(1, u.nextSigner))}, trust.Good},
		"the new key's":         {all, []*icao.RevocationList{mustList(t, u.second, revoked)}, trust.Revoked},
		"over the link only":    {all[:2], []*icao.RevocationList{mustList(t, u.second, revoked)}, trust.Revoked},
		"newest of two":         {all, []*icao.RevocationList{mustList(t, u.second, both(later, revoked)), mustList(t, u.first, nil)}, trust.Revoked},
		"newest of two, again":  {all, []*icao.RevocationList{mustList(t, u.first, revoked), mustList(t, u.second, later)}, trust.Good},
		"renamed, linked":       {[]*trusttest.Authority{u.first, nameLink, renamed}, []*icao.RevocationList{mustList(t, renamed, revoked)}, trust.Revoked},
		"renamed, says so":      {[]*trusttest.Authority{u.first, renamed}, []*icao.RevocationList{mustList(t, renamed, both(alsoNamed, revoked))}, trust.Revoked},
		"unknown: none":         {all, nil, ""},
		"unknown: out of date":  {all, []*icao.RevocationList{mustList(t, u.first, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.Add(-time.Hour) })}, ""},
		"unknown: future":       {all, []*icao.RevocationList{mustList(t, u.first, func(l *x509.RevocationList) { l.ThisUpdate = trusttest.Now.Add(time.Hour) })}, ""},
		"unknown: stranger":     {all, []*icao.RevocationList{mustList(t, stranger, nil)}, ""},
		"unknown: signer":       {all, []*icao.RevocationList{mustSignerList(t, u)}, ""},
		"unknown: country":      {append([]*trusttest.Authority{other}, all...), []*icao.RevocationList{mustList(t, other, nil)}, ""},
		"unknown: no link":      {[]*trusttest.Authority{u.first, renamed}, []*icao.RevocationList{mustList(t, renamed, nil)}, ""},
		"unknown: other CA":     {append([]*trusttest.Authority{apart}, all...), []*icao.RevocationList{mustList(t, apart, nil)}, ""},
		"unknown: may not sign": {[]*trusttest.Authority{noLists}, []*icao.RevocationList{mustList(t, u.first, nil)}, ""},
		"unknown: unlinked":     {[]*trusttest.Authority{u.link}, []*icao.RevocationList{mustList(t, u.second, nil)}, ""},
		"unknown: CA expired":   {[]*trusttest.Authority{expiredCA(t, u.first, trusttest.Day(2025))}, []*icao.RevocationList{mustList(t, u.first, nil)}, ""},
		"unknown: partial": {all, []*icao.RevocationList{mustList(t, u.first, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: trusttest.Wrap(0x30, []byte{0x82, 1, 0xFF})}}
		})}, ""},
		"unknown: critical": {all, []*icao.RevocationList{mustList(t, u.first, func(l *x509.RevocationList) {
			l.ExtraExtensions = extension(true, 0x05, 0x00)
		})}, ""},
		"unknown: critical entry": {all, []*icao.RevocationList{mustList(t, u.first, func(l *x509.RevocationList) {
			listing(0, u.nextSigner)(l)
			l.RevokedCertificateEntries[0].ExtraExtensions = extension(true, 0x05, 0x00)
		})}, ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			countries := mustWithLists(t, tt.authorities, tt.lists...)
			answer, err := countries.Status(mustParse(t, u.firstSigner), mustParse(t, u.first), trusttest.Now)
			if tt.want == "" {
				if !errors.Is(err, trust.ErrUnknown) || answer != (trust.Answer{}) {
					t.Errorf("got %+v, %v", answer, err)
				}
				return
			}
			if err != nil || answer.Status != tt.want || answer.Method != trust.MethodCRL || answer.Source == "" || answer.NextUpdate.IsZero() {
				t.Errorf("got %+v, %v; want %s", answer, err, tt.want)
			}
		})
	}
	t.Run("unknown: nil", func(t *testing.T) {
		var none *country.Authorities
		if answer, err := none.Status(mustParse(t, u.firstSigner), mustParse(t, u.first), trusttest.Now); !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
}

// mustSignerList is a list in the CA's name, signed with the document signer's own key.
func mustSignerList(t testing.TB, u utopia) *icao.RevocationList {
	t.Helper()
	return mustList(t, &trusttest.Authority{Cert: u.first.Cert, Key: trusttest.MustKey(t)}, nil)
}

// site serves one list and counts how often it is asked.
type site struct {
	*httptest.Server
	answer atomic.Pointer[[]byte]
	asked  atomic.Int32
}

func mustSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		body := s.answer.Load()
		if body == nil || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(*body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) serve(body []byte) { s.answer.Store(&body) }

func TestRevocation(t *testing.T) {
	ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	s := mustSite(t)
	template := documentSignerTemplate()
	template.CRLDistributionPoints = []string{"ldap://directory.example/c=UT", s.URL + "/ut.crl"}
	signer := trusttest.MustIssue(t, template, ca, trusttest.MustKey(t))
	clock := trusttest.Now
	revocation := func(countries *country.Authorities) *country.Revocation {
		return &country.Revocation{Authorities: countries, HTTP: fetch.Client(true), Now: func() time.Time { return clock }}
	}
	check := func(r *country.Revocation) (trust.Answer, error) {
		return r.Check(context.Background(), mustParse(t, signer), mustParse(t, ca))
	}

	t.Run("good", func(t *testing.T) {
		s.serve(mustList(t, ca, nil).Raw)
		answer, err := check(revocation(mustTrust(t, ca)))
		if err != nil || answer.Status != trust.Good || !strings.HasPrefix(answer.Source, "127.0.0.1:") {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		s.serve(mustList(t, ca, listing(1, signer)).Raw)
		answer, err := check(revocation(mustTrust(t, ca)))
		if err != nil || answer.Status != trust.Revoked {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
	t.Run("the folder's first", func(t *testing.T) {
		s.asked.Store(0)
		s.serve(mustList(t, ca, nil).Raw)
		answer, err := check(revocation(mustWithLists(t, []*trusttest.Authority{ca}, mustList(t, ca, listing(1, signer)))))
		if err != nil || answer.Status != trust.Revoked || s.asked.Load() != 0 {
			t.Errorf("asked %d times, got %+v, %v", s.asked.Load(), answer, err)
		}
	})
	t.Run("the folder's is out of date", func(t *testing.T) {
		s.serve(mustList(t, ca, nil).Raw)
		old := mustList(t, ca, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.Add(-time.Hour) })
		answer, err := check(revocation(mustWithLists(t, []*trusttest.Authority{ca}, old)))
		if err != nil || answer.Status != trust.Good {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
	t.Run("memory", func(t *testing.T) {
		defer func() { clock = trusttest.Now }()
		s.asked.Store(0)
		s.serve(mustList(t, ca, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.Add(3 * time.Hour) }).Raw)
		r := revocation(mustTrust(t, ca))
		for range 3 {
			if _, err := check(r); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := s.asked.Load(), int32(1); got != want {
			t.Errorf("asked %d times, want %d", got, want)
		}
		clock = trusttest.Now.Add(2 * time.Hour)
		s.serve([]byte("out of order"))
		if _, err := check(r); err != nil || s.asked.Load() != 2 {
			t.Errorf("asked %d times; a list that still holds was dropped: %v", s.asked.Load(), err)
		}
		clock = trusttest.Now.Add(4 * time.Hour)
		if _, err := check(r); !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("a list out of date still answers: %v", err)
		}
	})
	for name, body := range map[string][]byte{
		"unknown: garbage":     []byte("garbage"),
		"unknown: stranger":    mustList(t, mustUtopia(t).first, nil).Raw,
		"unknown: out of date": mustList(t, ca, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.Add(-time.Hour) }).Raw,
		"unknown: too long":    make([]byte, 21<<20),
	} {
		t.Run(name, func(t *testing.T) {
			s.serve(body)
			answer, err := check(revocation(mustTrust(t, ca)))
			if !errors.Is(err, trust.ErrUnknown) || answer != (trust.Answer{}) {
				t.Errorf("got %+v, %v", answer, err)
			}
			if errors.Is(err, country.ErrNobodyToAsk) {
				t.Errorf("a list that gives no answer is taken for none: %v", err)
			}
		})
	}
	t.Run("many at once", func(t *testing.T) {
		s.serve(mustList(t, ca, nil).Raw)
		r := revocation(mustTrust(t, ca))
		results := make(chan error)
		for range 8 {
			go func() {
				_, err := check(r)
				results <- err
			}()
		}
		for range 8 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("unknown: nobody to ask", func(t *testing.T) {
		quiet := trusttest.MustIssue(t, documentSignerTemplate(), ca, trusttest.MustKey(t))
		if _, err := revocation(mustTrust(t, ca)).Check(context.Background(), mustParse(t, quiet), mustParse(t, ca)); !errors.Is(err, country.ErrNobodyToAsk) || !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		if _, err := check(&country.Revocation{}); !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("without countries: got %v", err)
		}
	})
	t.Run("unknown: cancelled", func(t *testing.T) {
		s.serve(mustList(t, ca, nil).Raw)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := revocation(mustTrust(t, ca)).Check(ctx, mustParse(t, signer), mustParse(t, ca)); !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
}
