package trust_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"

	"balcao/kiosk/trust"
)

// groupHash is DataGroupHash of ICAO 9303-10 §4.6.2.3.
type groupHash struct {
	Number int
	Hash   []byte
}

type securityObject struct {
	Version   int
	Algorithm pkix.AlgorithmIdentifier
	Hashes    []groupHash
	Info      asn1.RawValue `asn1:"optional"`
}

var sha256ID = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}

// groups are the data groups of the tests' document.
var groups = map[int][]byte{1: []byte("identity"), 3: []byte("photograph"), 4: []byte("card key")}

func hashesOf(numbers ...int) []groupHash {
	var hashes []groupHash
	for _, n := range numbers {
		h := sha256.Sum256(groups[n])
		hashes = append(hashes, groupHash{n, h[:]})
	}
	return hashes
}

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func wrap(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	header := []byte{tag}
	switch n := len(content); {
	case n < 0x80:
		header = append(header, byte(n))
	case n < 0x100:
		header = append(header, 0x81, byte(n))
	default:
		header = append(header, 0x82, byte(n>>8), byte(n))
	}
	return append(header, content...)
}

// mustSOD makes a SOD around an encoded LDSSecurityObject.
func mustSOD(t testing.TB, signer *authority, object []byte, others ...*x509.Certificate) []byte {
	t.Helper()
	return wrap(0x77, mustMessage(t, signer, oidSecurityObject, object, crypto.SHA256, others...))
}

// Content types of the messages in tests.
var (
	oidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	oidMasterList     = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}
	oidCardSecurity   = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
)

// mustMessage makes a CMS message whose content is hashed with SHA-256, signed with one hash or another.
func mustMessage(t testing.TB, signer *authority, contentType asn1.ObjectIdentifier, content []byte, hash crypto.Hash, others ...*x509.Certificate) []byte {
	t.Helper()
	digest := sha256.Sum256(content)
	oid := func(ids ...int) []byte { return mustMarshal(t, asn1.ObjectIdentifier(ids)) }
	attributes := bytes.Join([][]byte{
		wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 3), wrap(0x31, mustMarshal(t, contentType))),
		wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 4), wrap(0x31, wrap(0x04, digest[:]))),
	}, nil)
	w := hash.New()
	w.Write(wrap(0x31, attributes))
	var signature, algorithm []byte
	var err error
	switch key := signer.key.(type) {
	case *ecdsa.PrivateKey:
		algorithm = wrap(0x30, oid(1, 2, 840, 10045, 4, 3, map[crypto.Hash]int{crypto.SHA256: 2, crypto.SHA384: 3}[hash]))
		signature, err = ecdsa.SignASN1(rand.Reader, key, w.Sum(nil))
	case *rsa.PrivateKey:
		algorithm = wrap(0x30, oid(1, 2, 840, 113549, 1, 1, map[crypto.Hash]int{crypto.SHA256: 11, crypto.SHA384: 12}[hash]), []byte{5, 0})
		signature, err = rsa.SignPKCS1v15(nil, key, hash, w.Sum(nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	certificates := signer.cert.Raw
	for _, c := range others {
		certificates = append(bytes.Clone(certificates), c.Raw...)
	}
	sha := mustMarshal(t, sha256ID)
	signerInfo := wrap(0x30,
		[]byte{2, 1, 1},
		wrap(0x30, signer.cert.RawIssuer, mustMarshal(t, signer.cert.SerialNumber)),
		sha, wrap(0xA0, attributes), algorithm, wrap(0x04, signature))
	signedData := wrap(0x30,
		[]byte{2, 1, 3}, wrap(0x31, sha),
		wrap(0x30, mustMarshal(t, contentType), wrap(0xA0, wrap(0x04, content))),
		wrap(0xA0, certificates), wrap(0x31, signerInfo))
	return wrap(0x30, oid(1, 2, 840, 113549, 1, 7, 2), wrap(0xA0, signedData))
}

func TestVerifySOD(t *testing.T) {
	w := mustWorld(t)
	store := w.store(t)
	object := mustMarshal(t, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})
	sod := mustSOD(t, w.signer, object)

	t.Run("OK", func(t *testing.T) {
		got, err := store.VerifySOD(sod, now)
		if err != nil {
			t.Fatal(err)
		}
		if differ := got.Match(groups); len(differ) > 0 {
			t.Errorf("groups %v differ", differ)
		}
		if len(got.Chain) != 3 || !got.Signer.Equal(w.signer.cert) {
			t.Errorf("got a chain of %d", len(got.Chain))
		}
	})
	t.Run("OK/WithoutTag", func(t *testing.T) {
		if _, err := store.VerifySOD(sod[4:], now); err != nil {
			t.Error(err)
		}
	})
	t.Run("OK/Version1", func(t *testing.T) {
		info := mustMarshal(t, struct{ LDS, Unicode string }{"0108", "040000"})
		v1 := mustMarshal(t, securityObject{Version: 1, Algorithm: sha256ID, Hashes: hashesOf(1), Info: asn1.RawValue{FullBytes: info}})
		got, err := store.VerifySOD(mustSOD(t, w.signer, v1), now)
		if err != nil || got.Version != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("OK/SignerSinceExpired", func(t *testing.T) {
		if _, err := store.VerifySOD(sod, day(2032)); trust.FaultOf(err) != trust.FaultExpired {
			t.Errorf("today: got %v", err)
		}
		if _, err := store.VerifySOD(sod, day(2026)); err != nil {
			t.Errorf("as of the day of issue: %v", err)
		}
	})
	t.Run("Match", func(t *testing.T) {
		got, err := store.VerifySOD(sod, now)
		if err != nil {
			t.Fatal(err)
		}
		if differ := got.Match(map[int][]byte{1: []byte("altered"), 4: groups[4]}); len(differ) != 1 || differ[0] != 1 {
			t.Errorf("altered group: got %v", differ)
		}
		if differ := got.Match(map[int][]byte{13: []byte("never signed")}); len(differ) != 1 {
			t.Errorf("unsigned group: got %v", differ)
		}
	})
	t.Run("ErrPurpose/CitizenSigns", func(t *testing.T) {
		_, err := store.VerifySOD(mustSOD(t, w.citizen, object), now)
		if got, want := trust.FaultOf(err), trust.FaultPurpose; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrPurpose/CASigns", func(t *testing.T) {
		_, err := store.VerifySOD(mustSOD(t, w.auth, object), now)
		if got, want := trust.FaultOf(err), trust.FaultPurpose; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/Stranger", func(t *testing.T) {
		forged := mustWorld(t)
		_, err := store.VerifySOD(mustSOD(t, forged.signer, object, forged.cards.cert, forged.root.cert), now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrSODSignature", func(t *testing.T) {
		altered := bytes.Clone(sod)
		altered[len(altered)-1] ^= 1
		if _, err := store.VerifySOD(altered, now); !errors.Is(err, trust.ErrSODSignature) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrSODFraming", func(t *testing.T) {
		for _, bad := range [][]byte{sod[:len(sod)-1], append(bytes.Clone(sod), 0), {0x77, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30}} {
			if _, err := store.VerifySOD(bad, now); !errors.Is(err, trust.ErrSODFraming) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("ErrSODMalformed", func(t *testing.T) {
		short := hashesOf(1)
		short[0].Hash = short[0].Hash[:31]
		for name, bad := range map[string]securityObject{
			"no groups":    {Algorithm: sha256ID},
			"group 17":     {Algorithm: sha256ID, Hashes: []groupHash{{17, hashesOf(1)[0].Hash}}},
			"group 0":      {Algorithm: sha256ID, Hashes: []groupHash{{0, hashesOf(1)[0].Hash}}},
			"group twice":  {Algorithm: sha256ID, Hashes: hashesOf(1, 1)},
			"short hash":   {Algorithm: sha256ID, Hashes: short},
			"version 2":    {Version: 2, Algorithm: sha256ID, Hashes: hashesOf(1)},
			"SHA-1":        {Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}, Hashes: hashesOf(1)},
			"info in v0":   {Algorithm: sha256ID, Hashes: hashesOf(1), Info: asn1.RawValue{FullBytes: []byte{0x30, 0}}},
			"no info in 1": {Version: 1, Algorithm: sha256ID, Hashes: hashesOf(1)},
		} {
			got, err := store.VerifySOD(mustSOD(t, w.signer, mustMarshal(t, bad)), now)
			if got != nil || !errors.Is(err, trust.ErrSODMalformed) {
				t.Errorf("%s: got %v, %v", name, got, err)
			}
		}
	})
}

func FuzzReadSOD(f *testing.F) {
	w := mustWorld(f)
	f.Add(mustSOD(f, w.signer, mustMarshal(f, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})))
	f.Add([]byte{0x77, 0x82, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, sod []byte) {
		object, err := trust.ReadSOD(sod)
		if (object == nil) == (err == nil) {
			t.Fatalf("got %v and %v", object, err)
		}
		if err == nil && (len(object.Hashes) == 0 || object.Signer == nil || object.Chain != nil) {
			t.Fatal("an object without hashes or signer, or one that was believed")
		}
	})
}
