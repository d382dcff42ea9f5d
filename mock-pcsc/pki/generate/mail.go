package main

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"balcao/mock-pcsc/pki"
)

// makeMailServer issues the certificate with which the bench's mail server speaks TLS.
func makeMailServer(out string) error {
	until := time.Date(2050, time.January, 1, 0, 0, 0, 0, time.UTC)
	caKey, err := newKey("P-256")
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: pki.Serial("mail authority"), Subject: pkix.Name{CommonName: "(Teste) Autoridade do correio"},
		NotBefore: until.AddDate(-30, 0, 0), NotAfter: until,
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return fmt.Errorf("issuing the mail authority: %w", err)
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return fmt.Errorf("parsing the mail authority: %w", err)
	}
	key, err := makeKey(out, "smtp", "P-256")
	if err != nil {
		return err
	}
	server := &x509.Certificate{
		SerialNumber: pki.Serial("mail server"), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, server, ca, key.Public(), caKey)
	if err != nil {
		return fmt.Errorf("issuing the mail server's certificate: %w", err)
	}
	if err := write(out, "tls/ca.crt", pemCertificate(caDER)); err != nil {
		return err
	}
	if err := write(out, "tls/smtp.crt", pemCertificate(der)); err != nil {
		return err
	}
	return os.Rename(filepath.Join(out, "private/smtp.pem"), filepath.Join(out, "tls/smtp.key"))
}

func pemCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
