package icao

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxDepth bounds how deep values may lie in each other. A certificate in a master list lies 16 deep in all.
const maxDepth = 40

// errBER says that bytes are no value in BER.
var errBER = errors.New("not BER")

// DER returns the one BER value that is given (X.690 §8), with nothing after it, as DER has it: lengths definite and as
// short as they can be, strings in one piece. What DER demands beyond that stays as it is, above all the order of sets and
// what stands in strings that hold further values. What is in DER already comes back unchanged, byte by byte.
//
// CMS messages may be BER (RFC 5652 §1.1), and some States' are. The result is never longer than what is given.
func DER(ber []byte) ([]byte, error) {
	der, rest, err := appendDER(make([]byte, 0, len(ber)), ber, 0)
	if err == nil && len(rest) > 0 {
		err = errBER
	}
	if err != nil {
		return nil, err
	}
	return der, nil
}

// Content returns what is in the one value given, whose tag and length are definite and span it all. Its length need
// not be the shortest.
func Content(ber []byte, tag byte) (content []byte, ok bool) {
	h, rest, ok := readHeader(ber)
	if !ok || len(h.tag) != 1 || h.tag[0] != tag || h.indefinite || h.length != len(rest) {
		return nil, false
	}
	return rest, true
}

// header is the tag and the length of a value.
type header struct {
	tag        []byte // one byte, or more where the number does not fit
	length     int    // of the content that follows, which is all there
	indefinite bool   // the content ends where it says so; length is 0
}

func (h header) constructed() bool { return h.tag[0]&0x20 != 0 }

// readHeader reads tag and length (X.690 §8.1.2, §8.1.3).
func readHeader(ber []byte) (h header, rest []byte, ok bool) {
	size := 1
	if len(ber) > 0 && ber[0]&0x1f == 0x1f {
		for size < len(ber) && ber[size]&0x80 != 0 {
			size++
		}
		size++
	}
	if size >= len(ber) || size > 5 || ber[0] == 0 {
		return h, nil, false
	}
	h.tag, rest = ber[:size], ber[size+1:]
	switch first := ber[size]; {
	case first < 0x80:
		h.length = int(first)
	case first == 0x80:
		h.indefinite = true
		return h, rest, h.constructed()
	default:
		count := int(first & 0x7f)
		if count > len(rest) {
			return h, nil, false
		}
		for _, b := range rest[:count] {
			if h.length = h.length<<8 | int(b); h.length > len(ber) {
				return h, nil, false
			}
		}
		rest = rest[count:]
	}
	return h, rest, h.length <= len(rest)
}

// appendDER appends the first value of ber to der and returns what follows it.
func appendDER(der, ber []byte, depth int) (_, rest []byte, err error) {
	h, rest, ok := readHeader(ber)
	if !ok || depth == maxDepth {
		return nil, nil, errBER
	}
	if !h.constructed() {
		return appendValue(der, h.tag, rest[:h.length]), rest[h.length:], nil
	}
	members := rest
	if !h.indefinite {
		members, rest = rest[:h.length], rest[h.length:]
	}
	var content []byte
	for {
		if end := []byte{0, 0}; h.indefinite && bytes.HasPrefix(members, end) {
			rest = members[len(end):]
			break
		}
		if !h.indefinite && len(members) == 0 {
			break
		}
		if content, members, err = appendDER(content, members, depth+1); err != nil {
			return nil, nil, err
		}
	}
	if tag := cbasn1.Tag(h.tag[0] &^ 0x20); isString(tag) {
		if content, ok = Join(content, tag); !ok {
			return nil, nil, errBER
		}
		return appendValue(der, []byte{byte(tag)}, content), rest, nil
	}
	return appendValue(der, h.tag, content), rest, nil
}

func appendValue(der, tag, content []byte) []byte {
	der = append(der, tag...)
	switch n := len(content); {
	case n < 0x80:
		der = append(der, byte(n))
	case n < 1<<8:
		der = append(der, 0x81, byte(n))
	case n < 1<<16:
		der = append(der, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		der = append(der, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		der = append(der, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(der, content...)
}

// isString reports whether values of a type may come in pieces (X.690 §8.6, §8.7, §8.23).
func isString(tag cbasn1.Tag) bool {
	return tag == cbasn1.BIT_STRING || tag == cbasn1.OCTET_STRING || tag == cbasn1.UTF8String || tag >= 18 && tag <= 30
}

// Join puts the pieces of a string together, which are primitive by now. Those of a bit string are bit strings, of which
// the last alone may have unused bits; those of all others are octet strings.
func Join(pieces cryptobyte.String, tag cbasn1.Tag) ([]byte, bool) {
	var joined []byte
	if tag == cbasn1.BIT_STRING {
		joined = []byte{0}
	}
	for !pieces.Empty() {
		var piece cryptobyte.String
		var kind cbasn1.Tag
		if !pieces.ReadAnyASN1(&piece, &kind) || kind != tag && (kind != cbasn1.OCTET_STRING || tag == cbasn1.BIT_STRING) {
			return nil, false
		}
		if tag == cbasn1.BIT_STRING {
			if len(piece) == 0 || joined[0] != 0 {
				return nil, false
			}
			joined[0], piece = piece[0], piece[1:]
		}
		joined = append(joined, piece...)
	}
	return joined, true
}

// SortedAttributes returns signed attributes, each a DER value, as the SET OF that is hashed (RFC 5652 §5.4): in the order
// that DER has (X.690 §11.6), the values in each attribute too.
func SortedAttributes(set cryptobyte.String) ([]byte, bool) {
	var attributes [][]byte
	for !set.Empty() {
		var attribute, oid, values cryptobyte.String
		if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1Element(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return nil, false
		}
		var members [][]byte
		for !values.Empty() {
			var member cryptobyte.String
			var tag cbasn1.Tag
			if !values.ReadAnyASN1Element(&member, &tag) {
				return nil, false
			}
			members = append(members, member)
		}
		attributes = append(attributes, appendValue(nil, []byte{byte(cbasn1.SEQUENCE)}, append(bytes.Clone(oid), setOf(members)...)))
	}
	return setOf(attributes), true
}

func setOf(members [][]byte) []byte {
	slices.SortFunc(members, bytes.Compare)
	return appendValue(nil, []byte{byte(cbasn1.SET)}, bytes.Join(members, nil))
}

// ErrMalformed says that the bytes are no certificate, list or message as this package or cms accepts it.
var ErrMalformed = errors.New("malformed ASN.1")

// Malformed wraps ErrMalformed with what is wrong.
func Malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }

// ContextTag is the tag [n] of a constructed value.
func ContextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
