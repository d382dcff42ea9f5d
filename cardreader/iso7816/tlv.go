package iso7816

import (
	"errors"
	"fmt"
)

// ErrTLV is the error for bytes that are not the BER-TLV they should be.
var ErrTLV = errors.New("malformed TLV")

// Tag is a BER-TLV tag with all its bits, as it is written: 0x77, 0x5F2E, 0x7F61.
type Tag uint32

// Constructed reports whether the value of such an object is made of data objects (ISO/IEC 7816-4 §6.3).
func (t Tag) Constructed() bool {
	for t > 0xFF {
		t >>= 8
	}
	return t&0x20 != 0
}

// Header is the tag and length in front of a value.
type Header struct {
	Tag    Tag
	Length int // of the value
	Size   int // of tag and length themselves
}

// Total is the size of the whole data object.
func (h Header) Total() int { return h.Size + h.Length }

// ReadHeader reads the tag and length at the beginning of b, which need not hold the whole value,
// so that the first bytes of a file tell how long it is. ISO/IEC 7816-4 §6.3: tags of one to three
// bytes, lengths of at most 2³¹-1 in one to five bytes, no indefinite length. The caller checks
// that the length is plausible before it allocates anything.
func ReadHeader(b []byte) (Header, error) {
	tag, n, err := readTag(b)
	if err != nil {
		return Header{}, err
	}
	length, m, err := readLength(b[n:])
	if err != nil {
		return Header{}, err
	}
	return Header{Tag: tag, Length: length, Size: n + m}, nil
}

func readTag(b []byte) (Tag, int, error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("%w: no tag", ErrTLV)
	}
	tag := Tag(b[0])
	if b[0]&0x1F != 0x1F {
		if b[0] == 0x00 {
			return 0, 0, fmt.Errorf("%w: padding where a tag should be", ErrTLV)
		}
		return tag, 1, nil
	}
	for n := 1; n < 3; n++ {
		if n == len(b) {
			return 0, 0, fmt.Errorf("%w: tag cut off", ErrTLV)
		}
		if n == 1 && b[1] == 0x80 {
			return 0, 0, fmt.Errorf("%w: tag number with a leading zero", ErrTLV)
		}
		tag = tag<<8 | Tag(b[n])
		if b[n]&0x80 == 0 {
			return tag, n + 1, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: tag longer than three bytes", ErrTLV)
}

func readLength(b []byte) (length, size int, err error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("%w: no length", ErrTLV)
	}
	if b[0] < 0x80 {
		return int(b[0]), 1, nil
	}
	n := int(b[0] & 0x7F)
	if n == 0 || n > 4 {
		return 0, 0, fmt.Errorf("%w: length in %d bytes", ErrTLV, n)
	}
	if len(b) < 1+n {
		return 0, 0, fmt.Errorf("%w: length cut off", ErrTLV)
	}
	// Cards write 82 00 10 where 10 would do (fixed templates), so the shortest form is not demanded.
	var v uint32
	for _, c := range b[1 : 1+n] {
		v = v<<8 | uint32(c)
	}
	if v > 1<<31-1 {
		return 0, 0, fmt.Errorf("%w: length over 2³¹-1", ErrTLV)
	}
	return int(v), 1 + n, nil
}

// TLV is one data object. Value is part of what was parsed, not a copy.
type TLV struct {
	Tag   Tag
	Value []byte
}

// Next reads the data object at the beginning of b and returns what follows it. Constructed values
// are not parsed: the caller descends as deep as its format has levels, so no input can nest
// deeper.
func Next(b []byte) (object TLV, rest []byte, err error) {
	h, err := ReadHeader(b)
	if err != nil {
		return TLV{}, nil, err
	}
	if h.Length > len(b)-h.Size {
		return TLV{}, nil, fmt.Errorf("%w: %d bytes declared, %d there", ErrTLV, h.Length, len(b)-h.Size)
	}
	return TLV{Tag: h.Tag, Value: b[h.Size:h.Total():h.Total()]}, b[h.Total():], nil
}

// Parse reads a sequence of data objects that fills b to its last byte.
func Parse(b []byte) ([]TLV, error) {
	var objects []TLV
	for len(b) > 0 {
		object, rest, err := Next(b)
		if err != nil {
			return nil, err
		}
		objects, b = append(objects, object), rest
	}
	return objects, nil
}

// Unwrap reads the one data object that fills b and returns its value; another tag, or anything
// behind the object, is an error.
func Unwrap(b []byte, tag Tag) ([]byte, error) {
	object, rest, err := Next(b)
	if err != nil {
		return nil, err
	}
	if object.Tag != tag {
		return nil, fmt.Errorf("%w: tag %X instead of %X", ErrTLV, uint32(object.Tag), uint32(tag))
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes behind the object", ErrTLV, len(rest))
	}
	return object.Value, nil
}

// Append appends a data object to b, its length in the shortest form (DER).
func Append(b []byte, tag Tag, value []byte) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(tag >> shift); shift == 0 || tag>>shift != 0 {
			b = append(b, c)
		}
	}
	switch n := len(value); {
	case n < 0x80:
		b = append(b, byte(n))
	case n <= 0xFF:
		b = append(b, 0x81, byte(n))
	case n <= 0xFFFF:
		b = append(b, 0x82, byte(n>>8), byte(n))
	case n <= 0xFFFFFF:
		b = append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		b = append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, value...)
}
