package country_test

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/trusttest"
)

// A bad file stops nothing but what it would have said, and is named.
func TestLoad_BadFiles(t *testing.T) {
	u := mustUtopia(t)
	pt := trusttest.MustIssue(t, countryTemplate("PT", "CSCA Portugal"), nil, trusttest.MustKey(t))
	template := documentSignerTemplate()
	template.Subject.Country = []string{"PT"}
	ptSigner := trusttest.MustIssue(t, template, pt, trusttest.MustKey(t))
	list := mustList(t, u.first, nil).Raw
	revoking := mustList(t, u.first, listing(1, u.firstSigner)).Raw
	version1 := mustRead(t, filepath.Join("testdata", "09-crl-version1.crl"))
	asPEM := func(label string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}) }
	cases := map[string]struct {
		files map[string][]byte
		bad   []string     // what has to be named, in part
		want  trust.Status // of Utopia's signer; "" is unknown
	}{
		"list as PEM":                   {map[string][]byte{"csca-crl/ut.crl": asPEM("X509 CRL", list)}, nil, trust.Good},
		"list as PEM, so named":         {map[string][]byte{"csca-crl/ut.pem": asPEM("X509 CRL", list)}, nil, trust.Good},
		"list as base64":                {map[string][]byte{"csca-crl/ut.crl": []byte(base64.StdEncoding.EncodeToString(list) + "\r\n")}, nil, trust.Good},
		"certificate as base64":         {map[string][]byte{"csca-crl/ut.crl": list, "csca/b.cer": []byte(base64.StdEncoding.EncodeToString(u.second.Cert.Raw))}, nil, trust.Good},
		"version 1":                     {map[string][]byte{"csca-crl/x.crl": version1}, []string{"csca-crl/x.crl: ", "version 1"}, ""},
		"version 1 beside a good one":   {map[string][]byte{"csca-crl/a.crl": list, "csca-crl/x.crl": version1}, []string{"csca-crl/x.crl"}, ""},
		"version 1 beside a revocation": {map[string][]byte{"csca-crl/a.crl": revoking, "csca-crl/x.crl": version1}, []string{"csca-crl/x.crl"}, trust.Revoked},
		"cut off":                       {map[string][]byte{"csca-crl/x.crl": list[:len(list)-40]}, []string{"csca-crl/x.crl"}, ""},
		"garbage":                       {map[string][]byte{"csca-crl/x.crl": []byte("garbage")}, []string{"csca-crl/x.crl"}, ""},
		"empty":                         {map[string][]byte{"csca-crl/ut.crl": nil}, []string{"csca-crl/ut.crl"}, ""},
		"a certificate for a list":      {map[string][]byte{"csca-crl/x.crl": asPEM("CERTIFICATE", u.first.Cert.Raw)}, []string{"csca-crl/x.crl", "PEM with 1 × certificate"}, ""},
		"another country's":             {map[string][]byte{"csca-crl/a.crl": list, "csca-crl/pt.crl": []byte("garbage")}, []string{"csca-crl/pt.crl"}, trust.Good},
		"garbage beside a good one":     {map[string][]byte{"csca-crl/a.crl": list, "csca-crl/x.crl": []byte("garbage")}, []string{"csca-crl/x.crl"}, trust.Good},
		"garbage for a certificate":     {map[string][]byte{"csca-crl/a.crl": list, "csca/x.cer": []byte("garbage")}, []string{"csca/x.cer"}, trust.Good},
		"signer's certificate for a CA": {map[string][]byte{"csca-crl/a.crl": list, "csca/x.cer": u.firstSigner.Cert.Raw}, []string{"csca/x.cer"}, trust.Good},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			trusttest.MustWrite(t, dir, "anchors/root.der", pt.Cert.Raw)
			trusttest.MustWrite(t, dir, "csca/ut.cer", u.first.Cert.Raw)
			trusttest.MustWrite(t, dir, "csca/pt.cer", pt.Cert.Raw)
			trusttest.MustWrite(t, dir, "csca-crl/pt-good.crl", mustList(t, pt, nil).Raw)
			for file, data := range tt.files {
				trusttest.MustWrite(t, dir, file, data)
			}
			c, err := country.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			chain, err := c.TrustSigner(mustTravelObject(t, u.firstSigner), trusttest.Now)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := c.Status(chain[0], chain[1], trusttest.Now)
			if answer.Status != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v, want %q", answer.Status, err, tt.want)
			}
			if err != nil && (!errors.Is(err, trust.ErrUnknown) || errors.Is(err, country.ErrNobodyToAsk)) {
				t.Errorf("got %v", err)
			}
			if bad := new(folder.BadFile); err != nil && (!errors.As(err, &bad) || !strings.Contains(bad.File, "csca-crl/")) {
				t.Errorf("%v does not name the list", err)
			}
			if name != "another country's" {
				if answer, err := c.Status(mustParse(t, ptSigner), mustParse(t, pt), trusttest.Now); err != nil || answer.Status != trust.Good {
					t.Errorf("of Portugal: got %+v, %v", answer, err)
				}
			}
			said := country.CheckFolder(dir)
			if (said == nil) != (len(tt.bad) == 0) {
				t.Errorf("got %v", said)
			}
			for _, part := range tt.bad {
				if said != nil && !strings.Contains(said.Error(), part) {
					t.Errorf("%v does not name %s", said, part)
				}
			}
		})
	}
}

// What is fetched makes nothing good while a list of the folder cannot be read, but a "no" is one.
func TestRevocation_BadFile(t *testing.T) {
	u := mustUtopia(t)
	body := mustList(t, u.first, nil).Raw
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(server.Close)
	template := documentSignerTemplate()
	template.CRLDistributionPoints = []string{server.URL + "/ut.crl"}
	signer := trusttest.MustIssue(t, template, u.first, trusttest.MustKey(t))
	dir := t.TempDir()
	trusttest.MustWrite(t, dir, "csca/ut.cer", u.first.Cert.Raw)
	trusttest.MustWrite(t, dir, "csca-crl/x.crl", mustRead(t, filepath.Join("testdata", "09-crl-version1.crl")))
	c, err := country.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (trust.Answer, error) {
		r := &country.Revocation{Authorities: c, HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
		return r.Check(t.Context(), mustParse(t, signer), mustParse(t, u.first))
	}
	bad := new(folder.BadFile)
	if answer, err := ask(); !errors.Is(err, trust.ErrUnknown) || !errors.As(err, &bad) || bad.File != "csca-crl/x.crl" {
		t.Errorf("got %+v, %v", answer, err)
	}
	body = mustList(t, u.first, listing(1, signer)).Raw
	if answer, err := ask(); err != nil || answer.Status != trust.Revoked {
		t.Errorf("revoked: got %+v, %v", answer, err)
	}
}

func TestLoad_ListAsPEM(t *testing.T) {
	dir := t.TempDir()
	trusttest.MustWrite(t, dir, "csca-crl/x.crl", mustRead(t, filepath.Join("testdata", "09-crl-pem.crl")))
	if c, err := country.Load(dir); err != nil || len(c.BadFiles()) > 0 {
		t.Errorf("got %v, left out %v", err, c.BadFiles())
	}
}
