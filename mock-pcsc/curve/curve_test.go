package curve_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"balcao/mock-pcsc/curve"
)

func TestCurves(t *testing.T) {
	seen := map[byte]bool{}
	for _, c := range curve.All {
		t.Run(c.Name, func(t *testing.T) {
			p := c.Params()
			if seen[c.Domain] {
				t.Errorf("parameter ID %d twice", c.Domain)
			}
			seen[c.Domain] = true
			if !c.IsOnCurve(p.Gx, p.Gy) {
				t.Error("the generator is not on the curve")
			}
			left := new(big.Int).Exp(p.Gy, big.NewInt(2), p.P)
			right := new(big.Int).Exp(p.Gx, big.NewInt(3), p.P)
			right.Add(right, new(big.Int).Mul(c.A, p.Gx))
			right.Mod(right.Add(right, c.B), p.P)
			if left.Cmp(right) != 0 {
				t.Error("the coefficients are not this curve's")
			}
			if x, y := c.ScalarBaseMult(p.N.Bytes()); x.Sign() != 0 || y.Sign() != 0 {
				t.Error("the order times the generator is not the point at infinity")
			}
			// 2G + G and 3G, by the three ways.
			x2, y2 := c.Double(p.Gx, p.Gy)
			x3, y3 := c.Add(x2, y2, p.Gx, p.Gy)
			x, y := c.ScalarMult(p.Gx, p.Gy, []byte{3})
			if x.Cmp(x3) != 0 || y.Cmp(y3) != 0 {
				t.Error("2G + G is not 3G")
			}
			if px, py, ok := c.Parse(c.Point(x, y)); !ok || px.Cmp(x) != 0 || py.Cmp(y) != 0 {
				t.Error("a point does not survive its encoding")
			}
			for name, point := range map[string][]byte{
				"Off": c.Point(x, big.NewInt(1)), "Short": {4, 1}, "Compressed": append([]byte{2}, c.Point(x, y)[1:]...),
				"TooLarge": c.Point(p.P, y),
			} {
				if _, _, ok := c.Parse(point); ok {
					t.Errorf("%s: parsed what is no point", name)
				}
			}
			for _, found := range []func() (*curve.Curve, error){
				func() (*curve.Curve, error) { return curve.ByName(c.Name) },
				func() (*curve.Curve, error) { return curve.ByDomain(c.Domain) },
				func() (*curve.Curve, error) { return curve.ByOID(c.OID) },
				func() (*curve.Curve, error) { return curve.Of(c.Curve) },
			} {
				if got, err := found(); got != c || err != nil {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	if _, err := curve.ByDomain(7); err == nil {
		t.Error("a curve with a reserved parameter ID")
	}
}

// TestOpenSSL has openssl verify a signature of each curve's twist: it computes in its own way.
func TestOpenSSL(t *testing.T) {
	for _, c := range curve.All {
		t.Run(c.Name, func(t *testing.T) {
			key, err := ecdsa.GenerateKey(c.Curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			message := []byte("a message")
			signature, err := ecdsa.SignASN1(rand.Reader, key, message)
			if err != nil {
				t.Fatal(err)
			}
			info, err := asn1.Marshal(struct {
				Algorithm struct{ Key, Curve asn1.ObjectIdentifier }
				Point     asn1.BitString
			}{
				struct{ Key, Curve asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, c.OID},
				asn1.BitString{Bytes: c.Point(key.X, key.Y)},
			})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, data := range map[string][]byte{"message": message, "signature": signature, "key": info} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("openssl", "pkeyutl", "-verify", "-in", "message", "-sigfile", "signature", "-pubin", "-inkey", "key",
				"-keyform", "der")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Verified Successfully")) {
				t.Errorf("openssl: %v\n%s", err, out)
			}
		})
	}
}
