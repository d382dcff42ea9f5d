package staff_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

func inPEM(certificates ...*x509.Certificate) (text []byte) {
	for _, c := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

func TestCheck(t *testing.T) {
	root := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	second := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff 2"), nil, trusttest.MustKey(t))
	between := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff below"), root, trusttest.MustKey(t))
	namesake := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	now := time.Now()
	card := func(by *trusttest.Authority, change func(*x509.Certificate)) *x509.Certificate {
		template := trusttest.StaffTemplate("F0417", "Rita Neves")
		if change != nil {
			change(&template)
		}
		return trusttest.MustIssue(t, template, by, trusttest.MustKey(t)).Cert
	}
	usages := func(of ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage = of }
	}
	old := card(root, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-3, 0, 0), now.AddDate(-1, 0, 0) })
	self := trusttest.MustIssue(t, trusttest.StaffTemplate("F0418", "Rui Neves"), nil, trusttest.MustKey(t))
	pinned := self.Cert
	dir := t.TempDir()
	trusttest.MustWrite(t, dir, "cards/clerk.pem", inPEM(pinned))
	trusttest.MustWrite(t, dir, "cards/old.der", old.Raw)
	trusttest.MustWrite(t, dir, "cards/README", []byte("not a certificate"))
	authorities := trusttest.MustWrite(t, dir, "staff-ca.crt", inPEM(root.Cert, second.Cert))
	both, err := staff.Load(authorities, filepath.Join(dir, "cards"))
	if err != nil {
		t.Fatal(err)
	}
	only, err := staff.Load("", filepath.Join(dir, "cards"))
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := staff.Load("", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		trust *staff.Trust
		chain []*x509.Certificate
		at    time.Time
		want  error
	}{
		"an authority's card":         {both, []*x509.Certificate{card(root, nil)}, now, nil},
		"another authority's":         {both, []*x509.Certificate{card(second, nil)}, now, nil},
		"through another":             {both, []*x509.Certificate{card(between, nil), between.Cert}, now, nil},
		"for nothing in particular":   {both, []*x509.Certificate{card(root, usages())}, now, nil},
		"for servers and people":      {both, []*x509.Certificate{card(root, usages(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth))}, now, nil},
		"for mail":                    {both, []*x509.Certificate{card(root, usages(x509.ExtKeyUsageEmailProtection))}, now, nil},
		"pinned":                      {only, []*x509.Certificate{pinned}, now, nil},
		"while it was valid":          {both, []*x509.Certificate{old}, now.AddDate(-2, 0, 0), nil},
		"expired":                     {both, []*x509.Certificate{old}, now, staff.ErrUntrusted},
		"expired, and pinned":         {only, []*x509.Certificate{old}, now, staff.ErrUntrusted},
		"not valid yet":               {both, []*x509.Certificate{old}, now.AddDate(-4, 0, 0), staff.ErrUntrusted},
		"through one that is missing": {both, []*x509.Certificate{card(between, nil)}, now, staff.ErrUntrusted},
		"of an authority's namesake":  {both, []*x509.Certificate{card(namesake, nil), namesake.Cert}, now, staff.ErrUntrusted},
		"not among the pinned":        {only, []*x509.Certificate{card(root, nil)}, now, staff.ErrUntrusted},
		"a pinned one's namesake":     {only, []*x509.Certificate{card(nil, nil)}, now, staff.ErrUntrusted},
		"an authority":                {both, []*x509.Certificate{between.Cert}, now, staff.ErrUntrusted},
		"the anchor":                  {both, []*x509.Certificate{root.Cert}, now, staff.ErrUntrusted},
		"a server":                    {both, []*x509.Certificate{card(root, usages(x509.ExtKeyUsageServerAuth))}, now, staff.ErrUntrusted},
		"not for signatures":          {both, []*x509.Certificate{card(root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}, now, staff.ErrUntrusted},
		"issued by a card":            {both, []*x509.Certificate{card(self, nil), pinned}, now, staff.ErrUntrusted},
		"nothing":                     {both, nil, now, staff.ErrUntrusted},
		"where nobody is trusted":     {nobody, []*x509.Certificate{card(root, nil)}, now, staff.ErrNobody},
		"without a trust":             {nil, []*x509.Certificate{card(root, nil)}, now, staff.ErrNobody},
	} {
		var chain [][]byte
		for _, c := range tt.chain {
			chain = append(chain, c.Raw)
		}
		if err := tt.trust.Check(chain, tt.at); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		} else if err != nil && bytes.Contains([]byte(err.Error()), []byte("Neves")) {
			t.Errorf("%s: the error names a person: %v", name, err)
		}
	}
}

// A file that is not what its place says stops the start: whom it would have named could not sign in.
func TestLoad_Refused(t *testing.T) {
	root := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	card := trusttest.MustIssue(t, trusttest.StaffTemplate("F0417", "Rita Neves"), root, trusttest.MustKey(t))
	dir := t.TempDir()
	file := func(name string, data []byte) string { return trusttest.MustWrite(t, dir, name, data) }
	for name, tt := range map[string]struct{ authority, cards string }{
		"no such file":               {filepath.Join(dir, "none"), ""},
		"an empty file":              {file("empty.crt", nil), ""},
		"a card among authorities":   {file("card.crt", inPEM(root.Cert, card.Cert)), ""},
		"something behind":           {file("more.crt", append(inPEM(root.Cert), "more"...)), ""},
		"DER":                        {file("ca.der", root.Cert.Raw), ""},
		"an empty folder":            {"", t.TempDir()},
		"no such folder":             {"", filepath.Join(dir, "none")},
		"garbage among the cards":    {"", filepath.Dir(file("bad/x.crt", []byte("garbage")))},
		"two certificates in a file": {"", filepath.Dir(file("two/x.pem", inPEM(card.Cert, card.Cert)))},
	} {
		if got, err := staff.Load(tt.authority, tt.cards); err == nil || got != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
