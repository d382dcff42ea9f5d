package deskca_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"balcao/kiosk/central/deskca"
)

func mustParse(t *testing.T, certPEM []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(certPEM)
	if block == nil || len(rest) > 0 {
		t.Fatal("not one PEM block")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestLogin(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ca")
	if _, err := deskca.Create(dir); err != nil {
		t.Fatal(err)
	}
	ca, err := deskca.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Login("loja_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(pair.Certificate, pair.Key); err != nil {
		t.Errorf("certificate and key: %v", err)
	}
	cert := mustParse(t, pair.Certificate)
	if got, want := cert.Subject.CommonName, "loja_1"; got != want {
		t.Errorf("common name = %q, want %q", got, want)
	}
	roots := x509.NewCertPool()
	authority, err := deskca.LoadCertificate(filepath.Join(dir, deskca.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(authority)
	verify := func(usage x509.ExtKeyUsage) error {
		_, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	if err := verify(x509.ExtKeyUsageClientAuth); err != nil {
		t.Errorf("as a client: %v", err)
	}
	if verify(x509.ExtKeyUsageServerAuth) == nil {
		t.Error("a desk can pose as a server")
	}
	if cert.IsCA {
		t.Error("a desk can issue certificates")
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, err := deskca.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deskca.Create(dir); !errors.Is(err, deskca.ErrExists) {
		t.Errorf("a second authority: %v, want ErrExists", err)
	}
	pair, err := ca.Login("loja_1")
	if err != nil {
		t.Fatal(err)
	}
	_, keyFile, err := pair.Write(dir, "loja_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := pair.Write(dir, "loja_1"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("writing again: %v, want ErrExist", err)
	}
	for _, file := range []string{keyFile, filepath.Join(dir, deskca.KeyFile)} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := info.Mode().Perm(), fs.FileMode(0o600); got != want {
			t.Errorf("mode of %s = %v, want %v", filepath.Base(file), got, want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	one, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{one, other} {
		if _, err := deskca.Create(dir); err != nil {
			t.Fatal(err)
		}
	}
	key, err := os.ReadFile(filepath.Join(other, deskca.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"another key": key, "no PEM": []byte("x"), "empty": nil} {
		if err := os.WriteFile(filepath.Join(one, deskca.KeyFile), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := deskca.Load(one); err == nil {
			t.Errorf("Load with %s: no error", name)
		}
	}
	if _, err := deskca.Load(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of an empty folder: %v", err)
	}
}
