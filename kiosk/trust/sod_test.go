package trust_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

// verifySOD reads a security object and believes it only from a signer under an anchor.
func verifySOD(store *trust.Store, data []byte, at time.Time) (*trust.SecurityObject, error) {
	object, err := trust.ReadSOD(data)
	if err != nil {
		return nil, err
	}
	if err := store.TrustSigner(object, at); err != nil {
		return nil, err
	}
	return object, nil
}

func TestVerifySOD(t *testing.T) {
	w := trusttest.MustWorld(t)
	store := w.Store(t)
	object := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})
	signed := trusttest.MustSOD(t, w.Signer, object)

	t.Run("OK", func(t *testing.T) {
		got, err := verifySOD(store, signed, trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if differ := got.Match(trusttest.Groups); len(differ) > 0 {
			t.Errorf("groups %v differ", differ)
		}
		if len(got.Chain) != 3 || !got.Signer.Equal(w.Signer.Cert) {
			t.Errorf("got a chain of %d", len(got.Chain))
		}
	})
	t.Run("OK/WithoutTag", func(t *testing.T) {
		if _, err := verifySOD(store, signed[4:], trusttest.Now); err != nil {
			t.Error(err)
		}
	})
	t.Run("OK/Version1", func(t *testing.T) {
		info := trusttest.MustMarshal(t, struct{ LDS, Unicode string }{"0108", "040000"})
		v1 := trusttest.MustMarshal(t, trusttest.SecurityObject{Version: 1, Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1), Info: asn1.RawValue{FullBytes: info}})
		got, err := verifySOD(store, trusttest.MustSOD(t, w.Signer, v1), trusttest.Now)
		if err != nil || got.Version != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("OK/SignerSinceExpired", func(t *testing.T) {
		if _, err := verifySOD(store, signed, trusttest.Day(2032)); trust.FaultOf(err) != trust.FaultExpired {
			t.Errorf("today: got %v", err)
		}
		if _, err := verifySOD(store, signed, trusttest.Day(2026)); err != nil {
			t.Errorf("as of the day of issue: %v", err)
		}
	})
	t.Run("Match", func(t *testing.T) {
		got, err := verifySOD(store, signed, trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if differ := got.Match(map[int][]byte{1: []byte("altered"), 4: trusttest.Groups[4]}); len(differ) != 1 || differ[0] != 1 {
			t.Errorf("altered group: got %v", differ)
		}
		if differ := got.Match(map[int][]byte{13: []byte("never signed")}); len(differ) != 1 {
			t.Errorf("unsigned group: got %v", differ)
		}
	})
	t.Run("ErrPurpose/CitizenSigns", func(t *testing.T) {
		_, err := verifySOD(store, trusttest.MustSOD(t, w.Citizen, object), trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultPurpose; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrPurpose/CASigns", func(t *testing.T) {
		_, err := verifySOD(store, trusttest.MustSOD(t, w.Auth, object), trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultPurpose; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrUntrusted/Stranger", func(t *testing.T) {
		forged := trusttest.MustWorld(t)
		_, err := verifySOD(store, trusttest.MustSOD(t, forged.Signer, object, forged.Cards.Cert, forged.Root.Cert), trusttest.Now)
		if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
	t.Run("ErrSODSignature", func(t *testing.T) {
		altered := bytes.Clone(signed)
		altered[len(altered)-1] ^= 1
		if _, err := verifySOD(store, altered, trusttest.Now); !errors.Is(err, sod.ErrSignature) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrSODFraming", func(t *testing.T) {
		for _, bad := range [][]byte{signed[:len(signed)-1], append(bytes.Clone(signed), 0), {0x77, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30}} {
			if _, err := verifySOD(store, bad, trusttest.Now); !errors.Is(err, sod.ErrFraming) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("ErrSODMalformed", func(t *testing.T) {
		short := trusttest.HashesOf(1)
		short[0].Hash = short[0].Hash[:31]
		for name, bad := range map[string]trusttest.SecurityObject{
			"no groups":    {Algorithm: trusttest.Sha256ID},
			"group 17":     {Algorithm: trusttest.Sha256ID, Hashes: []trusttest.GroupHash{{Number: 17, Hash: trusttest.HashesOf(1)[0].Hash}}},
			"group 0":      {Algorithm: trusttest.Sha256ID, Hashes: []trusttest.GroupHash{{Number: 0, Hash: trusttest.HashesOf(1)[0].Hash}}},
			"group twice":  {Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 1)},
			"short hash":   {Algorithm: trusttest.Sha256ID, Hashes: short},
			"version 2":    {Version: 2, Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1)},
			"SHA-1":        {Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}, Hashes: trusttest.HashesOf(1)},
			"info in v0":   {Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1), Info: asn1.RawValue{FullBytes: []byte{0x30, 0}}},
			"no info in 1": {Version: 1, Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1)},
		} {
			got, err := verifySOD(store, trusttest.MustSOD(t, w.Signer, trusttest.MustMarshal(t, bad)), trusttest.Now)
			if got != nil || !errors.Is(err, sod.ErrMalformed) {
				t.Errorf("%s: got %v, %v", name, got, err)
			}
		}
	})
}

func FuzzReadSOD(f *testing.F) {
	w := trusttest.MustWorld(f)
	f.Add(trusttest.MustSOD(f, w.Signer, trusttest.MustMarshal(f, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})))
	f.Add([]byte{0x77, 0x82, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, signed []byte) {
		object, err := trust.ReadSOD(signed)
		if (object == nil) == (err == nil) {
			t.Fatalf("got %v and %v", object, err)
		}
		if err == nil && (len(object.Hashes) == 0 || object.Signer == nil || object.Chain != nil) {
			t.Fatal("an object without hashes or signer, or one that was believed")
		}
	})
}
