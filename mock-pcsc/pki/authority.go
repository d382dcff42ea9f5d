// Package pki is the test bench's State: it issues the certificates and signs the security objects of
// emulated Citizen Cards, with the committed authorities of assets/testpki. Names and profiles
// are those of the real infrastructure, with "(Teste)" before the common names.
//
// The authorities were made once, by the program in package generate. Citizens' certificates are
// issued each time a card is put together, so that a person who is to be exactly sixteen is so today.
package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"sync"

	"balcao/assets/testpki"
)

// An Authority is a certificate that signs, with its key. Document signers are authorities too.
type Authority struct {
	Slug        string // names its files and the addresses of its status service: "auc-0019"
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// PKI opens authorities and card keys on demand: reading an RSA-4096 key takes milliseconds.
type PKI struct {
	mu          sync.Mutex
	authorities map[string]*Authority
	keys        map[string]crypto.Signer
}

// New returns the committed infrastructure.
func New() *PKI {
	return &PKI{authorities: map[string]*Authority{}, keys: map[string]crypto.Signer{}}
}

// Authority returns the authority with that slug.
func (p *PKI) Authority(slug string) (*Authority, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.authorities[slug]; ok {
		return a, nil
	}
	spec, ok := specBySlug(slug)
	if !ok {
		return nil, fmt.Errorf("no authority %q in the test infrastructure", slug)
	}
	der, err := fs.ReadFile(testpki.FS, spec.Path())
	if err != nil {
		return nil, fmt.Errorf("reading authority %s: %w", slug, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing authority %s: %w", slug, err)
	}
	key, err := p.key(spec.Key)
	if err != nil {
		return nil, err
	}
	a := &Authority{Slug: slug, Certificate: cert, Key: key}
	p.authorities[slug] = a
	return a, nil
}

// Issuer returns the authority above slug; a root is its own.
func (p *PKI) Issuer(slug string) (*Authority, error) {
	spec, ok := specBySlug(slug)
	if !ok {
		return nil, fmt.Errorf("no authority %q in the test infrastructure", slug)
	}
	if spec.Issuer == "" {
		return p.Authority(slug)
	}
	return p.Authority(spec.Issuer)
}

// CardKey returns a key made for cards, for example "rsa2048-1".
func (p *PKI) CardKey(name string) (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key("cards/" + name)
}

// ResponderKey is the key of all OCSP responders.
func (p *PKI) ResponderKey() (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key("ocsp")
}

// Portrait returns one of the drawn faces, a JP2 file.
func (p *PKI) Portrait(name string) ([]byte, error) {
	data, err := fs.ReadFile(testpki.FS, "portraits/"+name+".jp2")
	if err != nil {
		return nil, fmt.Errorf("reading portrait: %w", err)
	}
	return data, nil
}

func (p *PKI) key(name string) (crypto.Signer, error) {
	if k, ok := p.keys[name]; ok {
		return k, nil
	}
	data, err := fs.ReadFile(testpki.FS, "private/"+name+".pem")
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", name, err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("key %s is not PEM", name)
	}
	signer, err := parseKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parsing key %s: %w", name, err)
	}
	p.keys[name] = signer
	return signer, nil
}

// Serial derives a positive 64-bit serial number from a name, so that a certificate that is issued
// anew each time keeps its number, and the revocation list needs no memory.
func Serial(name string) *big.Int {
	sum := sha256.Sum256([]byte("serial of " + name))
	sum[0] = sum[0]&0x3f | 0x40
	return new(big.Int).SetBytes(sum[:8])
}
