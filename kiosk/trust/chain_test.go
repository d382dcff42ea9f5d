package trust_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/trust"
)

func TestChain(t *testing.T) {
	w := mustWorld(t)
	store := w.store(t)

	t.Run("OK", func(t *testing.T) {
		chain, err := store.Chain(w.citizen.cert, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(chain), 4; got != want {
			t.Errorf("got a chain of %d, want %d", got, want)
		}
		if !chain[0].Equal(w.citizen.cert) || !chain[3].Equal(w.root.cert) {
			t.Error("chain does not go from leaf to anchor")
		}
	})
	t.Run("OK/IssuerFromCard", func(t *testing.T) {
		other := mustIssue(t, caTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0016"), w.cards, mustKey(t))
		leaf := mustIssue(t, citizenTemplate(), other, mustKey(t))
		_, err := store.Chain(leaf.cert, nil, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("without the issuer: got %q, want %q", got, want)
		}
		if _, err := store.Chain(leaf.cert, []*x509.Certificate{other.cert}, now); err != nil {
			t.Errorf("with the issuer: %v", err)
		}
	})
	t.Run("ErrUntrusted/SameNames", func(t *testing.T) {
		forged := mustWorld(t)
		extra := []*x509.Certificate{forged.auth.cert, forged.cards.cert, forged.root.cert}
		_, err := store.Chain(forged.citizen.cert, extra, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/CitizenAsCA", func(t *testing.T) {
		leaf := mustIssue(t, citizenTemplate(), w.citizen, mustKey(t))
		_, err := store.Chain(leaf.cert, []*x509.Certificate{w.citizen.cert}, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/PathLength", func(t *testing.T) {
		below := mustIssue(t, caTemplate("a CA below one that may have none"), w.auth, mustKey(t))
		leaf := mustIssue(t, citizenTemplate(), below, mustKey(t))
		_, err := store.Chain(leaf.cert, []*x509.Certificate{below.cert}, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrExpired", func(t *testing.T) {
		for name, at := range map[string]time.Time{"after": day(2035), "before": day(2023)} {
			_, err := store.Chain(w.citizen.cert, nil, at)
			var chain *trust.ChainError
			if !errors.As(err, &chain) || chain.Fault != trust.FaultExpired || chain.CA || chain.NotYetValid != (name == "before") {
				t.Errorf("%s: got %+v", name, err)
			}
		}
	})
	t.Run("ErrExpired/LeafOlderThanItsCA", func(t *testing.T) {
		old := citizenTemplate()
		old.NotBefore, old.NotAfter = day(2015), day(2025)
		leaf := mustIssue(t, old, w.auth, mustKey(t))
		_, err := store.Chain(leaf.cert, nil, now)
		if got, want := trust.FaultOf(err), trust.FaultExpired; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrExpired/CA", func(t *testing.T) {
		old := caTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0009")
		old.NotBefore, old.NotAfter = day(2020), day(2025)
		ca := mustIssue(t, old, w.cards, mustKey(t))
		leaf := mustIssue(t, citizenTemplate(), ca, mustKey(t))
		_, err := store.Chain(leaf.cert, []*x509.Certificate{ca.cert}, now)
		var chain *trust.ChainError
		if !errors.As(err, &chain) || chain.Fault != trust.FaultExpired || !chain.CA {
			t.Errorf("got %+v", err)
		}
	})
	t.Run("ErrNoAnchors", func(t *testing.T) {
		var none *trust.Store
		if _, err := none.Chain(w.citizen.cert, nil, now); !errors.Is(err, trust.ErrNoAnchors) {
			t.Errorf("nil store: got %v", err)
		}
		if _, err := trust.NewStore(nil, []*x509.Certificate{w.root.cert}); !errors.Is(err, trust.ErrNoAnchors) {
			t.Errorf("empty store: got %v", err)
		}
	})
}

// A CA signed with SHA-1 counts when the operator imported it, and never when a card brought it.
func TestChain_SHA1(t *testing.T) {
	root := mustIssue(t, caTemplate("root"), nil, rsaKey())
	middle := mustIssue(t, caTemplate("middle"), root, rsaKey())
	template := caTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0004")
	template.MaxPathLenZero = true
	modern := mustIssue(t, template, middle, mustKey(t))
	old := &authority{cert: mustResignSHA1(t, modern.cert, rsaKey()), key: modern.key}
	leaf := mustIssue(t, citizenTemplate(), old, mustKey(t))

	t.Run("OK/Imported", func(t *testing.T) {
		store, err := trust.NewStore([]*x509.Certificate{root.cert}, []*x509.Certificate{middle.cert, old.cert})
		if err != nil {
			t.Fatal(err)
		}
		chain, err := store.Chain(leaf.cert, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(chain), 4; got != want {
			t.Errorf("got a chain of %d, want %d up to the anchor", got, want)
		}
	})
	t.Run("OK/TwoInARow", func(t *testing.T) {
		oldMiddle := mustResignSHA1(t, middle.cert, rsaKey())
		store, err := trust.NewStore([]*x509.Certificate{root.cert}, []*x509.Certificate{oldMiddle, old.cert})
		if err != nil {
			t.Fatal(err)
		}
		chain, err := store.Chain(leaf.cert, nil, now)
		if err != nil || len(chain) != 4 {
			t.Errorf("got a chain of %d, %v", len(chain), err)
		}
	})
	t.Run("ErrUntrusted/FromCard", func(t *testing.T) {
		store, err := trust.NewStore([]*x509.Certificate{root.cert}, []*x509.Certificate{middle.cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(leaf.cert, []*x509.Certificate{old.cert}, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/NoPathAbove", func(t *testing.T) {
		stranger := mustIssue(t, caTemplate("another root"), nil, mustKey(t))
		store, err := trust.NewStore([]*x509.Certificate{stranger.cert}, []*x509.Certificate{middle.cert, old.cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(leaf.cert, nil, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/Leaf", func(t *testing.T) {
		ca := mustIssue(t, caTemplate("RSA authority"), root, rsaKey())
		sha1Leaf := mustResignSHA1(t, mustIssue(t, citizenTemplate(), ca, mustKey(t)).cert, rsaKey())
		store, err := trust.NewStore([]*x509.Certificate{root.cert}, []*x509.Certificate{ca.cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Chain(sha1Leaf, nil, now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
}

func TestProfile(t *testing.T) {
	w := mustWorld(t)
	profile := trust.AuthenticationProfile()
	if err := profile.Check(w.citizen.cert); err != nil {
		t.Fatal(err)
	}
	signatureCA := mustIssue(t, caTemplate("(Teste) EC de Assinatura Digital Qualificada do Cartão de Cidadão 0014"), w.cards, mustKey(t))
	cases := map[string]struct {
		issuer *authority
		change func(*x509.Certificate)
	}{
		"key usage":    {w.auth, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }},
		"no key usage": {w.auth, func(c *x509.Certificate) { c.KeyUsage = 0 }},
		"unit":         {w.auth, func(c *x509.Certificate) { c.Subject.OrganizationalUnit[1] = "Assinatura Qualificada do Cidadão" }},
		"issuer":       {signatureCA, func(*x509.Certificate) {}},
		"policy":       {w.auth, func(c *x509.Certificate) { c.Policies = []x509.OID{mustOID("2.16.620.1.1.1.2.4.1.0.7")} }},
		"no policy":    {w.auth, func(c *x509.Certificate) { c.Policies = nil }},
		"CA":           {w.auth, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, c.KeyUsage|x509.KeyUsageCertSign }},
		"server":       {w.auth, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			template := citizenTemplate()
			tt.change(&template)
			c := mustIssue(t, template, tt.issuer, mustKey(t))
			if got, want := trust.FaultOf(profile.Check(c.cert)), trust.FaultPurpose; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	w := mustWorld(t)
	t.Run("OK", func(t *testing.T) {
		dir := t.TempDir()
		mustWrite(t, dir, "anchors/root.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.root.cert.Raw}))
		mustWrite(t, dir, "intermediates/a.der", w.cards.cert.Raw)
		mustWrite(t, dir, "intermediates/b.cer", w.auth.cert.Raw)
		mustWrite(t, dir, "intermediates/README.md", []byte("not a certificate"))
		store, err := trust.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Chain(w.citizen.cert, nil, now); err != nil {
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
		mustWrite(t, dir, "anchors/root.der", w.root.cert.Raw)
		mustWrite(t, dir, "intermediates/leaf.der", w.citizen.cert.Raw)
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
		mustWrite(t, dir, "anchors/root.der", []byte("garbage"))
		if _, err := trust.Load(dir); !errors.Is(err, trust.ErrNoAnchors) || !strings.Contains(err.Error(), "anchors/root.der") {
			t.Errorf("got %v", err)
		}
	})
}

func TestImport(t *testing.T) {
	w := mustWorld(t)
	in, dir := t.TempDir(), t.TempDir()
	expired := caTemplate("an old CA")
	expired.NotBefore, expired.NotAfter = day(2020), day(2021)
	report, err := trust.Import(dir,
		mustWrite(t, in, "auth.der", w.auth.cert.Raw), // before its issuer on purpose
		mustWrite(t, in, "cards.der", w.cards.cert.Raw),
		mustWrite(t, in, "root.der", w.root.cert.Raw),
		mustWrite(t, in, "leaf.der", w.citizen.cert.Raw),
		mustWrite(t, in, "garbage.der", []byte("garbage")),
		mustWrite(t, in, "stranger.der", mustIssue(t, caTemplate("stranger"), mustWorld(t).root, mustKey(t)).cert.Raw),
		mustWrite(t, in, "old.der", mustIssue(t, expired, w.root, mustKey(t)).cert.Raw),
		mustWrite(t, in, "again.der", w.root.cert.Raw),
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
