//go:build shared

package trust_test

import (
	"path/filepath"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/trusttest"
)

// The real CAs of the Citizen Card: all chain, and what expired is told.
func TestImport_RealCAs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(trusttest.SharedFolder(t), "data", "citizen-card-ca", "*.der"))
	if err != nil || len(files) != 13 {
		t.Fatalf("got %d certificates (%v), want 13", len(files), err)
	}
	dir := t.TempDir()
	report, err := trust.Import(dir, files...)
	if err != nil {
		t.Fatal(err)
	}
	anchors := 0
	for _, item := range report.Items {
		if item.Refused != nil || item.Duplicate {
			t.Errorf("%s: refused %v, duplicate %v", filepath.Base(item.File), item.Refused, item.Duplicate)
		}
		if item.Anchor {
			anchors++
		}
		expired := time.Now().After(item.NotAfter)
		if item.Fault == trust.FaultUntrusted || expired != (item.Fault == trust.FaultExpired) && !time.Now().After(rootUntil) {
			t.Errorf("%s: fault %q, expired %v", item.Subject, item.Fault, expired)
		}
	}
	if anchors != 2 {
		t.Errorf("got %d anchors, want ECRaizEstado 002 and the Multicert root", anchors)
	}

	store, err := trust.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		length int
		anchor string
	}{
		"Cartão de Cidadão 003": {3, multicert}, "Cartão de Cidadão 004": {3, multicert}, "Cartão de Cidadão 005": {3, multicert},
		"Cartão de Cidadão 006": {2, state}, "Cartão de Cidadão 007": {2, state}, "Cartão de Cidadão 008": {2, state},
		"EC de Autenticação do Cartão de Cidadão 0019":                   {3, state},
		"EC de Autenticação do Cartão de Cidadão 0020":                   {3, state},
		"EC de Assinatura Digital Qualificada do Cartão de Cidadão 0019": {3, state},
		"EC de Assinatura Digital Qualificada do Cartão de Cidadão 0020": {3, state},
		"ECRaizEstado": {2, multicert},
	}
	at := time.Date(2026, time.January, 15, 0, 0, 0, 0, time.UTC) // all of them valid
	for _, c := range store.Intermediates() {
		chain, err := store.Chain(c, nil, at)
		if err != nil {
			t.Errorf("%s: %v", c.Subject.CommonName, err)
			continue
		}
		got := want[c.Subject.CommonName]
		if len(chain) != got.length || chain[len(chain)-1].Subject.CommonName != got.anchor {
			t.Errorf("%s: chain of %d to %s", c.Subject.CommonName, len(chain), chain[len(chain)-1].Subject.CommonName)
		}
		delete(want, c.Subject.CommonName)
	}
	if len(want) > 0 {
		t.Errorf("not imported: %v", want)
	}

	again, err := trust.Import(dir, files...)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range again.Items {
		if !item.Duplicate {
			t.Errorf("%s imported twice", item.Subject)
		}
	}
}

const (
	multicert = "MULTICERT Root Certification Authority 01"
	state     = "ECRaizEstado 002"
)

// rootUntil is when the first CA expires that others stand on: ECRaizEstado as certified by Multicert.
var rootUntil = time.Date(2030, time.April, 16, 0, 0, 0, 0, time.UTC)

// 003 expired in April 2026; a signature made while it was valid still chains at that time.
func TestChain_ExpiredRealCA(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(trusttest.SharedFolder(t), "data", "citizen-card-ca", "*.der"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := trust.Import(dir, files...); err != nil {
		t.Fatal(err)
	}
	store, err := trust.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range store.Intermediates() {
		if c.Subject.CommonName != "Cartão de Cidadão 003" {
			continue
		}
		_, err := store.Chain(c, nil, time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC))
		if got, want := trust.FaultOf(err), trust.FaultExpired; got != want {
			t.Errorf("got fault %q (%v), want %q", got, err, want)
		}
		return
	}
	t.Fatal("Cartão de Cidadão 003 was not imported")
}
