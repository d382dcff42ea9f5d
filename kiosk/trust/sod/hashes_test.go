package sod_test

import (
	"encoding/asn1"
	"errors"
	"testing"

	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

func FuzzParse(f *testing.F) {
	f.Add(trusttest.MustMarshal(f, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)}))
	info := trusttest.MustMarshal(f, struct{ LDS, Unicode string }{"0108", "040000"})
	f.Add(trusttest.MustMarshal(f, trusttest.SecurityObject{Version: 1, Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1), Info: asn1.RawValue{FullBytes: info}}))
	f.Fuzz(func(t *testing.T, der []byte) {
		g, err := sod.Parse(der)
		if err != nil {
			if g.Hashes != nil || !errors.Is(err, sod.ErrMalformed) {
				t.Fatalf("got %v beside %v", g, err)
			}
			return
		}
		for number, hash := range g.Hashes {
			if number < 1 || number > 16 || len(hash) != g.Hash.Size() {
				t.Fatalf("group %d has a hash of %d bytes", number, len(hash))
			}
		}
	})
}
