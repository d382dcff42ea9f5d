// Package mockpcsc_test shows the emulated cards to programs that nobody here wrote: pcscd, vpcd and
// OpenSC, with openssl to judge the signatures.
package mockpcsc_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenSC(t *testing.T) {
	r := startReader(t)
	for _, name := range []string{"cc1-rsa2048", "cc1-rsa3072"} {
		t.Run(name, func(t *testing.T) {
			remove := r.insert(t, mustCard(t, name))
			defer remove()
			t.Run("Certificates", r.certificates)
			t.Run("PIN", r.pin)
			t.Run("PKCS15", r.signWithPKCS15)
			t.Run("PKCS11", r.signWithPKCS11)
		})
	}
}

func (r *reader) certificates(t *testing.T) {
	list := r.run(t, "pkcs15-tool", "--list-certificates")
	for _, label := range []string{
		"CITIZEN AUTHENTICATION CERTIFICATE", "CITIZEN SIGNATURE CERTIFICATE", "SIGNATURE SUB CA", "AUTHENTICATION SUB CA", "ROOT CA",
	} {
		if !strings.Contains(list, label) {
			t.Errorf("no %s among the certificates:\n%s", label, list)
		}
	}
	pem := r.run(t, "pkcs15-tool", "--read-certificate", "45")
	if err := os.WriteFile(filepath.Join(r.Dir, "45.pem"), []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	subject := r.run(t, "openssl", "x509", "-in", "45.pem", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus,sname")
	if !strings.Contains(subject, "OU=Autenticação do Cidadão") {
		t.Errorf("got subject %q, want that of an authentication certificate", subject)
	}
	r.run(t, "openssl", "x509", "-in", "45.pem", "-pubkey", "-noout", "-out", "45.pub")
}

// pin gives a wrong PIN, looks at the counter, and gives the right one.
func (r *reader) pin(t *testing.T) {
	left := func(want string) {
		t.Helper()
		if out := r.run(t, "pkcs15-tool", "--list-pins"); !strings.Contains(out, "Tries left     : "+want) {
			t.Errorf("want %s tries left, got:\n%s", want, out)
		}
	}
	if out, err := r.try("pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", "9999"); err == nil {
		t.Errorf("a wrong PIN was accepted:\n%s", out)
	}
	left("2")
	r.run(t, "pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", "1234")
	left("3")
}

func (r *reader) signWithPKCS15(t *testing.T) {
	r.writeMessage(t)
	r.run(t, "pkcs15-crypt", "--sign", "--pkcs1", "--sha-256", "--key", "45", "--pin", "1234", "--input", "digest", "--output", "15.sig")
	r.judge(t, "15.sig")
}

func (r *reader) signWithPKCS11(t *testing.T) {
	r.writeMessage(t)
	r.run(t, "pkcs11-tool", "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "45", "--login", "--pin", "1234",
		"--input-file", "message", "--output-file", "11.sig")
	r.judge(t, "11.sig")
}

func (r *reader) writeMessage(t *testing.T) {
	t.Helper()
	message := []byte("a message for the card to sign\n")
	digest := sha256.Sum256(message)
	for name, data := range map[string][]byte{"message": message, "digest": digest[:]} {
		if err := os.WriteFile(filepath.Join(r.Dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// judge lets openssl verify a signature over the message.
func (r *reader) judge(t *testing.T, signature string) {
	t.Helper()
	out := r.run(t, "openssl", "dgst", "-sha256", "-verify", "45.pub", "-signature", signature, "message")
	if !strings.Contains(out, "Verified OK") {
		t.Errorf("openssl says %q", out)
	}
}
