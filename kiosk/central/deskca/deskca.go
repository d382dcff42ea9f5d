// Package deskca is the centre's two certification authorities. That of the desks (Create) issues the TLS client
// certificates with which desks speak to the door and sign evidence. That of the services (CreateService) issues those
// with which the door and the registrars log in to PostgreSQL, which compares the common name with the role
// (authentication method "cert"), and servers' certificates where there is no other authority. PostgreSQL trusts the
// second only, so a desk's certificate opens no session there.
//
// An authority is a folder: ca.crt, which servers trust for clients, and ca.key, which stays with whoever runs
// the centre.
package deskca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// How long certificates are valid.
const (
	authorityYears = 15
	loginYears     = 2
)

// Names of the authority's files.
const (
	CertificateFile = "ca.crt"
	KeyFile         = "ca.key"
)

// ErrExists means that the folder holds an authority already. It is never overwritten, because
// every desk would be locked out.
var ErrExists = errors.New("there is a certification authority already")

// Authority issues certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  func() time.Time
}

// Pair is a certificate and its private key in PEM.
type Pair struct{ Certificate, Key []byte }

// New makes the authority of the desks in memory.
func New() (*Authority, error) {
	a, key, err := newAuthority("Balcão desks")
	clear(key.Key)
	return a, err
}

// Create makes the authority of the desks and writes it into dir, which may exist. It returns ErrExists when dir
// holds an authority.
func Create(dir string) (*Authority, error) { return create(dir, "Balcão desks") }

// CreateService is Create for the authority of the centre's services.
func CreateService(dir string) (*Authority, error) { return create(dir, "Balcão services") }

func create(dir, name string) (*Authority, error) {
	a, pair, err := newAuthority(name)
	if err != nil {
		return nil, err
	}
	defer clear(pair.Key)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the authority's folder: %w", err)
	}
	// The key is written first, so that there is never a certificate without its key.
	if err := writeNew(filepath.Join(dir, KeyFile), pair.Key, 0o600); err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, CertificateFile), pair.Certificate, 0o644); err != nil {
		return nil, err
	}
	return a, nil
}

func newAuthority(name string) (*Authority, Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, Pair{}, fmt.Errorf("making the authority's key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"Balcão"}, CommonName: name},
		NotBefore:             now.Add(-time.Hour), // clocks differ
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	pair, cert, err := issue(template, template, key, key)
	if err != nil {
		return nil, Pair{}, fmt.Errorf("making the authority's certificate: %w", err)
	}
	return &Authority{cert: cert, key: key, now: time.Now}, pair, nil
}

// Load reads the authority in dir.
func Load(dir string) (*Authority, error) {
	certPEM, err := os.ReadFile(filepath.Join(dir, CertificateFile))
	if err != nil {
		return nil, fmt.Errorf("reading the authority: %w", err)
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the authority: %w", err)
	}
	defer clear(keyPEM)
	cert, key, err := parse(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("reading the authority: %w", err)
	}
	return &Authority{cert: cert, key: key, now: time.Now}, nil
}

// LoadCertificate reads the certificate of an authority from a file, for programs that verify what
// desks sign and must not hold the key.
func LoadCertificate(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of desks: %w", err)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("reading the authority of desks: not PEM of one certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of desks: %w", err)
	}
	if !cert.IsCA {
		return nil, errors.New("reading the authority of desks: not an authority's certificate")
	}
	return cert, nil
}

func parse(certPEM, keyPEM []byte) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || certBlock.Type != "CERTIFICATE" || keyBlock == nil || keyBlock.Type != "PRIVATE KEY" {
		return nil, nil, errors.New("not PEM of a certificate and a private key")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, nil, errors.New("the private key is not PKCS #8")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) || !cert.IsCA {
		return nil, nil, errors.New("certificate and key do not belong together")
	}
	return cert, key, nil
}

// LoginEnds is when a certificate that was issued then ends.
func LoginEnds(issued time.Time) time.Time { return issued.AddDate(loginYears, 0, 0) }

// Certificate is the authority's own.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Login issues the client certificate of a desk, or of a role in PostgreSQL.
func (a *Authority) Login(role string) (Pair, error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: role},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Server issues a server's certificate for its host names and addresses, for a centre that has no other.
func (a *Authority) Server(hosts ...string) (Pair, error) {
	if len(hosts) == 0 {
		return Pair{}, errors.New("a server's certificate needs a host name")
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.issue(template)
}

func (a *Authority) issue(template *x509.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("making a key: %w", err)
	}
	now := a.now()
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), LoginEnds(now)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.BasicConstraintsValid = true
	pair, _, err := issue(template, a.cert, key, a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("issuing a certificate: %w", err)
	}
	return pair, nil
}

func issue(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (Pair, *x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Pair{}, nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Pair{}, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, nil, err
	}
	defer clear(pkcs8)
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}, cert, nil
}

// TLS returns the pair as package crypto/tls uses it.
func (p Pair) TLS() (tls.Certificate, error) {
	cert, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("using a certificate: %w", err)
	}
	return cert, nil
}

// DER is the certificate without PEM.
func (p Pair) DER() []byte {
	block, _ := pem.Decode(p.Certificate)
	return block.Bytes
}

// Write puts the pair into dir as name.crt and name.key (mode 0600, as libpq and pgx demand). It does
// not overwrite: the files of a desk that is at work may be in use.
func (p Pair) Write(dir, name string) (certFile, keyFile string, err error) {
	certFile, keyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", fmt.Errorf("making the folder for a certificate: %w", err)
	}
	if err := writeNew(keyFile, p.Key, 0o600); err != nil {
		return "", "", err
	}
	if err := writeNew(certFile, p.Certificate, 0o644); err != nil {
		return "", "", err
	}
	return certFile, keyFile, nil
}

func writeNew(path string, content []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) && (filepath.Base(path) == KeyFile || filepath.Base(path) == CertificateFile) {
		return ErrExists
	}
	if err != nil {
		return fmt.Errorf("writing a certificate: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("writing a certificate: %w", err)
	}
	return nil
}
