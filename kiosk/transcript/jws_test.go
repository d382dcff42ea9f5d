package transcript_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/transcript"
)

// key signs as a card or a desk does, under a certificate that it made itself.
type key struct {
	crypto.Signer
	certificate []byte
}

var serial int64

// certify has a signer certify any public key, of its own or another.
func certify(t testing.TB, public crypto.PublicKey, by crypto.Signer) []byte {
	t.Helper()
	serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "laranjeiras-07"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB, signer crypto.Signer, err error) key {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return key{signer, certify(t, signer.Public(), signer)}
}

func ecKey(t testing.TB, curve elliptic.Curve) key {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	return newKey(t, k, err)
}

func rsaKey(t testing.TB, bits int) key {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	return newKey(t, k, err)
}

// signed is the sample signed by a desk alone.
func signed(t testing.TB, desk key) []byte {
	t.Helper()
	jws, err := transcript.SignAsDesk(sample, desk.Signer, [][]byte{desk.certificate})
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// card is a key in a Citizen Card.
type card struct{ key }

// SignDigest signs as a card does: over a curve, or with RSA and SHA-256.
func (c card) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	k, curve := c.Signer.(*ecdsa.PrivateKey)
	if !curve {
		return c.Signer.Sign(rand.Reader, digest, crypto.SHA256)
	}
	r, s, err := ecdsa.Sign(rand.Reader, k, digest)
	n := (k.Params().N.BitLen() + 7) / 8
	return append(r.FillBytes(make([]byte, n)), s.FillBytes(make([]byte, n))...), err
}

func TestCountersign(t *testing.T) {
	citizen, desk := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384())
	first, err := transcript.Sign(t.Context(), sample, [][]byte{citizen.certificate}, card{citizen})
	if err != nil {
		t.Fatal(err)
	}
	both, err := transcript.Countersign(first, desk.Signer, [][]byte{desk.certificate})
	if err != nil {
		t.Fatal(err)
	}
	read, err := transcript.Parse(both, transcript.CitizenSignature, transcript.DeskSignature)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Payload) != sampleJSON || got.Transcript.Desk != sample.Desk || len(got.Signatures) != 2 ||
		!bytes.Equal(got.Signatures[0].Leaf.Raw, citizen.certificate) || !bytes.Equal(got.Signatures[1].Leaf.Raw, desk.certificate) {
		t.Errorf("got %d signatures over %s", len(got.Signatures), got.Payload)
	}
	t.Run("Refused", func(t *testing.T) {
		for name, tt := range map[string]struct {
			jws   []byte
			key   crypto.Signer
			chain [][]byte
			want  error
		}{
			"signed by the desk already": {both, desk.Signer, [][]byte{desk.certificate}, nil},
			"a desk's own":               {signed(t, desk), desk.Signer, [][]byte{desk.certificate}, nil},
			"no JWS":                     {nil, desk.Signer, [][]byte{desk.certificate}, nil},
			"no certificate":             {first, desk.Signer, nil, nil},
			"another key":                {first, ecKey(t, elliptic.P384()).Signer, [][]byte{desk.certificate}, transcript.ErrKeyMismatch},
			"a key of another kind":      {first, citizen.Signer, [][]byte{desk.certificate}, transcript.ErrKeyMismatch},
		} {
			jws, err := transcript.Countersign(tt.jws, tt.key, tt.chain)
			if jws != nil || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

// Roles are exactly those that are expected, each once and in order.
func TestParse_Roles(t *testing.T) {
	const citizen, desk = transcript.CitizenSignature, transcript.DeskSignature
	person, office := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P256())
	one, err := transcript.Sign(t.Context(), sample, [][]byte{person.certificate}, card{person})
	if err != nil {
		t.Fatal(err)
	}
	both, err := transcript.Countersign(one, office.Signer, [][]byte{office.certificate})
	if err != nil {
		t.Fatal(err)
	}
	type general struct {
		Payload    string            `json:"payload"`
		Signatures []json.RawMessage `json:"signatures"`
	}
	with := func(change func(*general)) []byte {
		var g general
		if err := json.Unmarshal(both, &g); err != nil {
			t.Fatal(err)
		}
		change(&g)
		out, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	noDesk, other := transcript.ErrNoDesk, errors.New("another")
	for name, tt := range map[string]struct {
		jws  []byte
		want []transcript.Role
		err  error
	}{
		"citizen":             {one, []transcript.Role{citizen}, nil},
		"both":                {both, []transcript.Role{citizen, desk}, nil},
		"desk":                {signed(t, office), []transcript.Role{desk}, nil},
		"desk missing":        {one, []transcript.Role{citizen, desk}, noDesk},
		"desk's place taken":  {one, []transcript.Role{desk}, noDesk},
		"citizen missing":     {signed(t, office), []transcript.Role{citizen, desk}, other},
		"one too many":        {both, []transcript.Role{desk}, other},
		"none":                {with(func(g *general) { g.Signatures = g.Signatures[:0] }), []transcript.Role{desk}, noDesk},
		"two citizens":        {with(func(g *general) { g.Signatures[1] = g.Signatures[0] }), []transcript.Role{citizen, desk}, noDesk},
		"two desks":           {with(func(g *general) { g.Signatures[0] = g.Signatures[1] }), []transcript.Role{citizen, desk}, other},
		"order":               {with(func(g *general) { slices.Reverse(g.Signatures) }), []transcript.Role{citizen, desk}, other},
		"three":               {with(func(g *general) { g.Signatures = append(g.Signatures, g.Signatures[1]) }), []transcript.Role{citizen, desk}, other},
		"an unheard-of role":  {both, []transcript.Role{citizen, "balcao-clerk"}, other},
		"spaces between them": {bytes.Replace(both, []byte(`,"signatures"`), []byte(`, "signatures"`), 1), []transcript.Role{citizen, desk}, other},
	} {
		got, err := transcript.Parse(tt.jws, tt.want...)
		switch {
		case tt.err == nil:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if _, err := got.Verify(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case got != nil || err == nil || errors.Is(err, noDesk) != (tt.err == noDesk):
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	for name, k := range map[string]key{
		"P-256": ecKey(t, elliptic.P256()), "P-384": ecKey(t, elliptic.P384()), "P-521": ecKey(t, elliptic.P521()), "RSA-2048": rsaKey(t, 2048),
	} {
		read, err := transcript.Parse(signed(t, k), transcript.DeskSignature)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := read.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	for name, k := range map[string]key{
		"P-224": ecKey(t, elliptic.P224()), "RSA-1024": rsaKey(t, 1024), "Ed25519": newKey(t, edKey, err),
	} {
		if _, err := transcript.SignAsDesk(sample, k.Signer, [][]byte{k.certificate}); !errors.Is(err, transcript.ErrKeyKind) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// forged is the sample under certificates of a forger's choice, with a signature that is none.
func forged(t testing.TB, chain ...[]byte) []byte {
	t.Helper()
	var x5c []string
	for _, der := range chain {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(der))
	}
	header := fmt.Sprintf(`{"alg":"RS256","typ":"balcao-desk","x5c":["%s"]}`, strings.Join(x5c, `","`))
	encode := base64.RawURLEncoding.EncodeToString
	return fmt.Appendf(nil, `{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}`,
		encode([]byte(sampleJSON)), encode([]byte(header)), encode(make([]byte, 256)))
}

func modulus(bits uint) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return n.SetBit(n, 0, 1)
}

// An RSA key that is no key of a signer is refused when it is read, in the signer's certificate and behind it.
func TestParse_RSAKeys(t *testing.T) {
	by := ecKey(t, elliptic.P256())
	of := func(bits uint, e int) []byte { return certify(t, &rsa.PublicKey{N: modulus(bits), E: e}, by.Signer) }
	good := of(2048, 65537)
	for name, tt := range map[string]struct {
		chain [][]byte
		good  bool
	}{
		"2048":                  {[][]byte{good}, true},
		"4096":                  {[][]byte{of(4096, 65537)}, true},
		"largest exponent":      {[][]byte{of(2048, 1<<31-1)}, true},
		"2047":                  {[][]byte{of(2047, 65537)}, false},
		"4097":                  {[][]byte{of(4097, 65537)}, false},
		"exponent 3":            {[][]byte{of(2048, 3)}, false},
		"exponent even":         {[][]byte{of(2048, 65538)}, false},
		"exponent of 33 bits":   {[][]byte{of(2048, 1<<32+1)}, false},
		"behind the signer's":   {[][]byte{good, of(4097, 65537)}, false},
		"250,000 bits":          {[][]byte{of(250_000, 65537)}, false},
		"250,000 bits behind":   {[][]byte{good, of(250_000, 65537)}, false},
		"600,000 bits":          {[][]byte{of(600_000, 65537)}, false},
		"nine certificates":     {slices.Repeat([][]byte{good}, 9), false},
		"eight certificates":    {slices.Repeat([][]byte{good}, 8), true},
		"bytes behind a signer": {[][]byte{append(bytes.Clone(good), 0)}, false},
	} {
		if got, err := transcript.Parse(forged(t, tt.chain...), transcript.DeskSignature); (err == nil) != tt.good || (got != nil) != tt.good {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A key of 600,000 bits costs 17 s to verify with. Refusing it costs what refusing other bytes of that length costs.
func TestParse_RefusesDearKeysCheaply(t *testing.T) {
	by := ecKey(t, elliptic.P256())
	for _, bits := range []uint{250_000, 600_000} {
		dear := forged(t, certify(t, &rsa.PublicKey{N: modulus(bits), E: 65537}, by.Signer))
		plain := bytes.Replace(dear, []byte(`"signature":"`), []byte(`"signature":"?`), 1) // as long, and no base64
		plain = append(bytes.TrimSuffix(plain, []byte(`]}`)), `],"more":1}`...)
		if ratio := float64(least(t, dear)) / float64(least(t, plain)); ratio > 50 {
			t.Errorf("%d bits: refused in %.0f times the time of other bytes", bits, ratio)
		}
	}
}

// least is the least time in which a JWS is refused: what else the computer does can only add to it.
func least(t *testing.T, jws []byte) time.Duration {
	t.Helper()
	best := time.Hour
	for range 10 {
		began := time.Now()
		if _, err := transcript.Parse(jws, transcript.DeskSignature); err == nil {
			t.Fatal("accepted")
		}
		best = min(best, time.Since(began))
	}
	return best
}

// Brackets are counted before a decoder follows them.
func TestParse_Depth(t *testing.T) {
	for _, jws := range []string{
		`{"payload":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,"signatures":[]}`,
		strings.Repeat(`{"payload":`, 10_000),
	} {
		if _, err := transcript.Parse([]byte(jws), transcript.DeskSignature); err == nil || !strings.Contains(err.Error(), "deep") {
			t.Errorf("got %v", err)
		}
	}
	deep := strings.Replace(sampleJSON, `"independence":"independent"`, `"independence":[[[]]]`, 1)
	if _, err := transcript.Decode([]byte(deep)); !errors.Is(err, transcript.ErrForm) || !strings.Contains(err.Error(), "deep") {
		t.Errorf("a transcript: got %v", err)
	}
	brackets := sample
	brackets.Desk = `[{[{[{[{"\`
	if encoded, err := brackets.Encode(); err != nil {
		t.Fatal(err)
	} else if _, err := transcript.Decode(encoded); err != nil {
		t.Errorf("brackets in a text: %v", err)
	}
}

// FuzzParse: whatever is accepted is what was signed, in its one form, or does not verify.
func FuzzParse(f *testing.F) {
	desk := ecKey(f, elliptic.P256())
	jws := signed(f, desk)
	f.Add(jws)
	f.Add(forged(f, desk.certificate))
	f.Add([]byte(`{"payload":"","signatures":[{"protected":"","signature":""}]}`))
	f.Add([]byte(`{"payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := transcript.Parse(data, transcript.DeskSignature)
		if err != nil {
			if got != nil {
				t.Fatal("a JWS beside an error")
			}
			return
		}
		if len(got.Signatures) != 1 || got.Signatures[0].Leaf == nil || got.Signatures[0].Role != transcript.DeskSignature {
			t.Fatalf("accepted with %d signatures", len(got.Signatures))
		}
		if _, err := got.Verify(); err == nil && !bytes.Equal(data, jws) && bytes.Equal(got.Signatures[0].Leaf.Raw, desk.certificate) {
			t.Fatal("a JWS that nobody signed was accepted")
		}
	})
}
