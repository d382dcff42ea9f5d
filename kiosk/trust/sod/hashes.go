// Package sod reads document security objects (ICAO 9303-10 §4.6.2): the signed hashes of a document's data groups. Who
// signed is for others to judge.
package sod

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/icao"
)

// digestHashes are the hashes of data groups that are accepted (Doc 9303-12 §4.1.6.4). SHA-1 is not:
// no Citizen Card has it, and a second image for a weak hash is what a forger would look for.
var digestHashes = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// withSHA1 has SHA-1 as well, which documents of the first years carry.
var withSHA1 = func() map[string]crypto.Hash {
	hashes := maps.Clone(digestHashes)
	hashes["1.3.14.3.2.26"] = crypto.SHA1
	return hashes
}()

// Content is the content of a document security object (LDSSecurityObject, ICAO 9303-10 §4.6.2.3): what the
// data groups of the document hash to.
type Content struct {
	Version int // 0, or 1 with the LDS and Unicode versions in it
	Hash    crypto.Hash
	Hashes  map[int][]byte // by data group number, 1 to 16
}

// Match compares data groups as they were read with the signed hashes and returns the numbers of those
// that differ or were never signed, in order. An empty answer for at least one group means: unaltered.
func (g Content) Match(groups map[int][]byte) (differ []int) {
	for _, number := range slices.Sorted(maps.Keys(groups)) {
		w := g.Hash.New()
		w.Write(groups[number])
		want, signed := g.Hashes[number]
		if !signed || !bytes.Equal(w.Sum(nil), want) {
			differ = append(differ, number)
		}
	}
	return differ
}

// parse reads LDSSecurityObject, versions 0 and 1, with one of the hashes by identifier. It is BER like the
// message around it.
func parse(ber []byte, accepted map[string]crypto.Hash) (Content, error) {
	malformed := func(what string) (Content, error) {
		return Content{}, fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	der, err := icao.DER(ber)
	if err != nil {
		return malformed(err.Error())
	}
	g := Content{Hashes: make(map[int][]byte)}
	input := cryptobyte.String(der)
	var object, algorithm, hashes cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&object, cbasn1.SEQUENCE) || !input.Empty() {
		return malformed("not one SEQUENCE")
	}
	if !object.ReadASN1Integer(&g.Version) || g.Version < 0 || g.Version > 1 {
		return malformed("unknown version")
	}
	if !object.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return malformed("digest algorithm")
	}
	var ok bool
	if g.Hash, ok = accepted[oid.String()]; !ok {
		return malformed("digest algorithm not accepted")
	}
	if !algorithm.Empty() && (!algorithm.SkipASN1(cbasn1.NULL) || !algorithm.Empty()) {
		return malformed("parameters of the digest algorithm")
	}
	if !object.ReadASN1(&hashes, cbasn1.SEQUENCE) || !g.read(hashes) {
		return malformed("data group hashes")
	}
	// Version 1 adds LDSVersionInfo { ldsVersion, unicodeVersion }, which change nothing here.
	if g.Version == 1 && !object.SkipASN1(cbasn1.SEQUENCE) || !object.Empty() {
		return malformed("version information")
	}
	return g, nil
}

// read reads DataGroupHash { number 1 to 16, hash }, at least one, none twice.
func (g Content) read(hashes cryptobyte.String) bool {
	for !hashes.Empty() {
		var entry, hash cryptobyte.String
		var number int
		if !hashes.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Integer(&number) ||
			!entry.ReadASN1(&hash, cbasn1.OCTET_STRING) || !entry.Empty() ||
			number < 1 || number > 16 || len(hash) != g.Hash.Size() || g.Hashes[number] != nil {
			return false
		}
		g.Hashes[number] = bytes.Clone(hash)
	}
	return len(g.Hashes) > 0
}
