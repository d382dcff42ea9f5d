package trust_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/trusttest"
)

func TestChain(t *testing.T) {
	w := trusttest.MustWorld(t)
	store := w.Store(t)

	t.Run("OK", func(t *testing.T) {
		chain, err := store.Chain(w.Citizen.Cert, nil, trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(chain), 4; got != want {
			t.Errorf("got a chain of %d, want %d", got, want)
		}
		if !chain[0].Equal(w.Citizen.Cert) || !chain[3].Equal(w.Root.Cert) {
			t.Error("chain does not go from leaf to anchor")
		}
	})
	t.Run("OK/IssuerFromCard", func(t *testing.T) {
		other := trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0016"), w.Cards, trusttest.MustKey(t))
		leaf := trusttest.MustIssue(t, trusttest.CitizenTemplate(), other, trusttest.MustKey(t))
		_, err := store.Chain(leaf.Cert, nil, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("without the issuer: got %q, want %q", got, want)
		}
		if _, err := store.Chain(leaf.Cert, []*x509.Certificate{other.Cert}, trusttest.Now); err != nil {
			t.Errorf("with the issuer: %v", err)
		}
	})
	t.Run("ErrUntrusted/SameNames", func(t *testing.T) {
		forged := trusttest.MustWorld(t)
		extra := []*x509.Certificate{forged.Auth.Cert, forged.Cards.Cert, forged.Root.Cert}
		_, err := store.Chain(forged.Citizen.Cert, extra, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/CitizenAsCA", func(t *testing.T) {
		leaf := trusttest.MustIssue(t, trusttest.CitizenTemplate(), w.Citizen, trusttest.MustKey(t))
		_, err := store.Chain(leaf.Cert, []*x509.Certificate{w.Citizen.Cert}, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/PathLength", func(t *testing.T) {
		below := trusttest.MustIssue(t, trusttest.CaTemplate("a CA below one that may have none"), w.Auth, trusttest.MustKey(t))
		leaf := trusttest.MustIssue(t, trusttest.CitizenTemplate(), below, trusttest.MustKey(t))
		_, err := store.Chain(leaf.Cert, []*x509.Certificate{below.Cert}, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrExpired", func(t *testing.T) {
		for name, at := range map[string]time.Time{"after": trusttest.Day(2035), "before": trusttest.Day(2023)} {
			_, err := store.Chain(w.Citizen.Cert, nil, at)
			var chain *trust.ChainError
			if !errors.As(err, &chain) || chain.Fault != trust.FaultExpired || chain.CA || chain.NotYetValid != (name == "before") {
				t.Errorf("%s: got %+v", name, err)
			}
		}
	})
	t.Run("ErrExpired/LeafOlderThanItsCA", func(t *testing.T) {
		old := trusttest.CitizenTemplate()
		old.NotBefore, old.NotAfter = trusttest.Day(2015), trusttest.Day(2025)
		leaf := trusttest.MustIssue(t, old, w.Auth, trusttest.MustKey(t))
		_, err := store.Chain(leaf.Cert, nil, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultExpired; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrExpired/CA", func(t *testing.T) {
		old := trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0009")
		old.NotBefore, old.NotAfter = trusttest.Day(2020), trusttest.Day(2025)
		ca := trusttest.MustIssue(t, old, w.Cards, trusttest.MustKey(t))
		leaf := trusttest.MustIssue(t, trusttest.CitizenTemplate(), ca, trusttest.MustKey(t))
		_, err := store.Chain(leaf.Cert, []*x509.Certificate{ca.Cert}, trusttest.Now)
		var chain *trust.ChainError
		if !errors.As(err, &chain) || chain.Fault != trust.FaultExpired || !chain.CA {
			t.Errorf("got %+v", err)
		}
	})
	t.Run("ErrNoAnchors", func(t *testing.T) {
		var none *trust.Store
		if _, err := none.Chain(w.Citizen.Cert, nil, trusttest.Now); !errors.Is(err, trust.ErrNoAnchors) {
			t.Errorf("nil store: got %v", err)
		}
		if _, err := trust.NewStore(nil, []*x509.Certificate{w.Root.Cert}); !errors.Is(err, trust.ErrNoAnchors) {
			t.Errorf("empty store: got %v", err)
		}
	})
}

// A CA signed with SHA-1 counts when the operator imported it, and never when a card brought it.
func TestChain_SHA1(t *testing.T) {
	root := trusttest.MustIssue(t, trusttest.CaTemplate("root"), nil, trusttest.RsaKey())
	middle := trusttest.MustIssue(t, trusttest.CaTemplate("middle"), root, trusttest.RsaKey())
	template := trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0004")
	template.MaxPathLenZero = true
	modern := trusttest.MustIssue(t, template, middle, trusttest.MustKey(t))
	old := &trusttest.Authority{Cert: trusttest.MustResignSHA1(t, modern.Cert, trusttest.RsaKey()), Key: modern.Key}
	leaf := trusttest.MustIssue(t, trusttest.CitizenTemplate(), old, trusttest.MustKey(t))

	t.Run("OK/Imported", func(t *testing.T) {
		store, err := trust.NewStore([]*x509.Certificate{root.Cert}, []*x509.Certificate{middle.Cert, old.Cert})
		if err != nil {
			t.Fatal(err)
		}
		chain, err := store.Chain(leaf.Cert, nil, trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(chain), 4; got != want {
			t.Errorf("got a chain of %d, want %d up to the anchor", got, want)
		}
	})
	t.Run("OK/TwoInARow", func(t *testing.T) {
		oldMiddle := trusttest.MustResignSHA1(t, middle.Cert, trusttest.RsaKey())
		store, err := trust.NewStore([]*x509.Certificate{root.Cert}, []*x509.Certificate{oldMiddle, old.Cert})
		if err != nil {
			t.Fatal(err)
		}
		chain, err := store.Chain(leaf.Cert, nil, trusttest.Now)
		if err != nil || len(chain) != 4 {
			t.Errorf("got a chain of %d, %v", len(chain), err)
		}
	})
	t.Run("ErrUntrusted/FromCard", func(t *testing.T) {
		store, err := trust.NewStore([]*x509.Certificate{root.Cert}, []*x509.Certificate{middle.Cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(leaf.Cert, []*x509.Certificate{old.Cert}, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/NoPathAbove", func(t *testing.T) {
		stranger := trusttest.MustIssue(t, trusttest.CaTemplate("another root"), nil, trusttest.MustKey(t))
		store, err := trust.NewStore([]*x509.Certificate{stranger.Cert}, []*x509.Certificate{middle.Cert, old.Cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(leaf.Cert, nil, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/Leaf", func(t *testing.T) {
		ca := trusttest.MustIssue(t, trusttest.CaTemplate("RSA authority"), root, trusttest.RsaKey())
		sha1Leaf := trusttest.MustResignSHA1(t, trusttest.MustIssue(t, trusttest.CitizenTemplate(), ca, trusttest.MustKey(t)).Cert, trusttest.RsaKey())
		store, err := trust.NewStore([]*x509.Certificate{root.Cert}, []*x509.Certificate{ca.Cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(sha1Leaf, nil, trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
}

func TestProfile(t *testing.T) {
	w := trusttest.MustWorld(t)
	profile := trust.AuthenticationProfile()
	if err := profile.Check(w.Citizen.Cert); err != nil {
		t.Fatal(err)
	}
	signatureCA := trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) EC de Assinatura Digital Qualificada do Cartão de Cidadão 0014"), w.Cards, trusttest.MustKey(t))
	cases := map[string]struct {
		issuer *trusttest.Authority
		change func(*x509.Certificate)
	}{
		"key usage":    {w.Auth, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }},
		"no key usage": {w.Auth, func(c *x509.Certificate) { c.KeyUsage = 0 }},
		"unit":         {w.Auth, func(c *x509.Certificate) { c.Subject.OrganizationalUnit[1] = "Assinatura Qualificada do Cidadão" }},
		"issuer":       {signatureCA, func(*x509.Certificate) {}},
		"policy":       {w.Auth, func(c *x509.Certificate) { c.Policies = []x509.OID{trusttest.MustOID("2.16.620.1.1.1.2.4.1.0.7")} }},
		"no policy":    {w.Auth, func(c *x509.Certificate) { c.Policies = nil }},
		"CA":           {w.Auth, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, c.KeyUsage|x509.KeyUsageCertSign }},
		"server":       {w.Auth, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			template := trusttest.CitizenTemplate()
			tt.change(&template)
			c := trusttest.MustIssue(t, template, tt.issuer, trusttest.MustKey(t))
			if got, want := trust.FaultOf(profile.Check(c.Cert)), trust.FaultPurpose; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	w := trusttest.MustWorld(t)
	t.Run("OK", func(t *testing.T) {
		dir := t.TempDir()
		trusttest.MustWrite(t, dir, "anchors/root.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Root.Cert.Raw}))
		trusttest.MustWrite(t, dir, "intermediates/a.der", w.Cards.Cert.Raw)
		trusttest.MustWrite(t, dir, "intermediates/b.cer", w.Auth.Cert.Raw)
		trusttest.MustWrite(t, dir, "intermediates/README.md", []byte("not a certificate"))
		store, err := trust.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Chain(w.Citizen.Cert, nil, trusttest.Now); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrNoAnchors", func(t *testing.T) {
		if _, err := trust.Load(t.TempDir()); !errors.Is(err, trust.ErrNoAnchors) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("OK/NotCA", func(t *testing.T) {
		dir := t.TempDir()
		trusttest.MustWrite(t, dir, "anchors/root.der", w.Root.Cert.Raw)
		trusttest.MustWrite(t, dir, "intermediates/leaf.der", w.Citizen.Cert.Raw)
		store, err := trust.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(store.Intermediates()) != 0 || len(store.BadFiles()) != 1 || store.BadFiles()[0].File != "intermediates/leaf.der" {
			t.Errorf("a citizen's certificate became a CA: got %v, left out %v", store.Intermediates(), store.BadFiles())
		}
	})
	t.Run("ErrGarbage", func(t *testing.T) {
		dir := t.TempDir()
		trusttest.MustWrite(t, dir, "anchors/root.der", []byte("garbage"))
		if _, err := trust.Load(dir); !errors.Is(err, trust.ErrNoAnchors) || !strings.Contains(err.Error(), "anchors/root.der") {
			t.Errorf("got %v", err)
		}
	})
}

func TestImport(t *testing.T) {
	w := trusttest.MustWorld(t)
	in, dir := t.TempDir(), t.TempDir()
	expired := trusttest.CaTemplate("an old CA")
	expired.NotBefore, expired.NotAfter = trusttest.Day(2020), trusttest.Day(2021)
	report, err := trust.Import(dir,
		trusttest.MustWrite(t, in, "auth.der", w.Auth.Cert.Raw), // before its issuer on purpose
		trusttest.MustWrite(t, in, "cards.der", w.Cards.Cert.Raw),
		trusttest.MustWrite(t, in, "root.der", w.Root.Cert.Raw),
		trusttest.MustWrite(t, in, "leaf.der", w.Citizen.Cert.Raw),
		trusttest.MustWrite(t, in, "garbage.der", []byte("garbage")),
		trusttest.MustWrite(t, in, "stranger.der", trusttest.MustIssue(t, trusttest.CaTemplate("stranger"), trusttest.MustWorld(t).Root, trusttest.MustKey(t)).Cert.Raw),
		trusttest.MustWrite(t, in, "old.der", trusttest.MustIssue(t, expired, w.Root, trusttest.MustKey(t)).Cert.Raw),
		trusttest.MustWrite(t, in, "again.der", w.Root.Cert.Raw),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		anchor, duplicate, refused bool
		fault                      trust.Fault
	}{
		{}, {}, {anchor: true}, {refused: true}, {refused: true},
		{fault: trust.FaultUntrusted}, {fault: trust.FaultExpired}, {anchor: true, duplicate: true},
	}
	for i, item := range report.Items {
		got, want := item, want[i]
		if got.Anchor != want.anchor || got.Duplicate != want.duplicate || (got.Refused != nil) != want.refused || got.Fault != want.fault {
			t.Errorf("%s: got %+v", item.File, item)
		}
	}
	if got, want := len(report.Refused()), 2; got != want {
		t.Errorf("got %d refused, want %d", got, want)
	}
	if _, err := trust.Load(dir); err != nil {
		t.Errorf("the folder does not load: %v", err)
	}
}
