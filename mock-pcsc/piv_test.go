package mockpcsc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPIV shows the staff cards to yubico-piv-tool and to OpenSC.
func TestPIV(t *testing.T) {
	r := startReader(t)
	for _, c := range []struct{ name, holder, mechanism string }{
		{"clerk", "Rita Neves", "ECDSA-SHA256"},
		{"supervisor", "Marta Reis", "SHA256-RSA-PKCS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			remove := r.insert(t, mustCard(t, c.name))
			defer remove()
			t.Run("Certificate", func(t *testing.T) { r.pivCertificate(t, c.holder) })
			t.Run("PIN", r.pivPIN)
			t.Run("YubicoSignature", r.pivTestSignature)
			t.Run("OpenSCSignature", func(t *testing.T) { r.pivSign(t, c.mechanism) })
		})
	}
	t.Run("Issue", r.pivIssue)
}

func (r *reader) piv(t *testing.T, args ...string) string {
	t.Helper()
	return r.run(t, "yubico-piv-tool", append([]string{"--reader", readerName}, args...)...)
}

func (r *reader) pivCertificate(t *testing.T, holder string) {
	status := r.piv(t, "--action", "status")
	for _, want := range []string{"Version:\t5.4.3", "Slot 9a:", holder, "PIN tries left:\t3"} {
		if !strings.Contains(status, want) {
			t.Errorf("the status has no %q:\n%s", want, status)
		}
	}
	r.piv(t, "--action", "read-certificate", "--slot", "9a", "--output", "9a.pem")
	r.run(t, "pkcs11-tool", "--slot-index", "0", "--read-object", "--type", "cert", "--id", "01", "--output-file", "9a.der")
	r.run(t, "openssl", "x509", "-inform", "der", "-in", "9a.der", "-out", "opensc.pem")
	if yubico, opensc := r.read(t, "9a.pem"), r.read(t, "opensc.pem"); yubico != opensc {
		t.Errorf("yubico-piv-tool reads\n%s\nand OpenSC\n%s", yubico, opensc)
	}
	r.run(t, "openssl", "x509", "-in", "9a.pem", "-pubkey", "-noout", "-out", "45.pub")
}

func (r *reader) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// pivPIN gives a wrong PIN, looks at the counter, and gives the right one.
func (r *reader) pivPIN(t *testing.T) {
	left := func(want string) {
		t.Helper()
		if out := r.piv(t, "--action", "status"); !strings.Contains(out, "PIN tries left:\t"+want) {
			t.Errorf("want %s tries left, got:\n%s", want, out)
		}
	}
	if out, err := r.try("yubico-piv-tool", "--reader", readerName, "--action", "verify-pin", "--pin", "654321"); err == nil {
		t.Errorf("a wrong PIN was accepted:\n%s", out)
	}
	left("2")
	r.piv(t, "--action", "verify-pin", "--pin", "123456")
	left("3")
}

func (r *reader) pivTestSignature(t *testing.T) {
	out := r.piv(t, "--action", "verify-pin", "--pin", "123456", "--action", "test-signature", "--slot", "9a", "--input", "9a.pem")
	if !strings.Contains(out, "Successful") {
		t.Errorf("yubico-piv-tool says %q", out)
	}
}

func (r *reader) pivSign(t *testing.T, mechanism string) {
	r.writeMessage(t)
	r.run(t, "pkcs11-tool", "--slot-index", "0", "--sign", "--mechanism", mechanism, "--signature-format", "openssl", "--id", "01",
		"--login", "--pin", "123456", "--input-file", "message", "--output-file", "piv.sig")
	r.judge(t, "piv.sig")
}

// pivIssue makes a staff card of one from the factory, with the tools of others alone.
func (r *reader) pivIssue(t *testing.T) {
	remove := r.insert(t, mustCard(t, "staff-blank"))
	defer remove()
	if out := r.piv(t, "--action", "status"); strings.Contains(out, "Slot 9a:") {
		t.Errorf("a new card has a certificate:\n%s", out)
	}
	r.piv(t, "--action", "generate", "--slot", "9a", "--algorithm", "ECCP256", "--output", "45.pub")
	r.run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=An office/", "-out", "ca.crt")
	// Debian's yubico-piv-tool signs no requests, because its OpenSSL is too new for it, so none is asked for.
	r.run(t, "openssl", "x509", "-new", "-subj", "/CN=Somebody", "-force_pubkey", "45.pub", "-CA", "ca.crt", "-CAkey", "ca.key", "-out", "9a.pem")
	r.piv(t, "--action", "import-certificate", "--slot", "9a", "--input", "9a.pem")
	r.pivTestSignature(t)
}
