package emrtd

import "slices"

// A dataObject is one BER-TLV data object with a tag of one byte: all that commands contain are.
type dataObject struct {
	tag   byte
	value []byte
}

// objects splits a data field. ok is false when the last object is not whole.
func objects(field []byte) (list []dataObject, ok bool) {
	for len(field) > 0 {
		if len(field) < 2 {
			return nil, false
		}
		tag, n := field[0], int(field[1])
		field = field[2:]
		if n >= 0x80 {
			width := n & 0x7f
			if width == 0 || width > 3 || len(field) < width {
				return nil, false
			}
			n = 0
			for _, b := range field[:width] {
				n = n<<8 | int(b)
			}
			field = field[width:]
		}
		if n > len(field) {
			return nil, false
		}
		list = append(list, dataObject{tag, field[:n]})
		field = field[n:]
	}
	return list, true
}

// dynamic is the content of dynamic authentication data, tag 7C, with at most one object inside.
func dynamic(field []byte) (inner dataObject, ok bool) {
	outer, ok := objects(field)
	if !ok || len(outer) != 1 || outer[0].tag != 0x7c {
		return dataObject{}, false
	}
	list, ok := objects(outer[0].value)
	switch {
	case !ok || len(list) > 1:
		return dataObject{}, false
	case len(list) == 0:
		return dataObject{}, true
	}
	return list[0], true
}

// object encodes a data object with a tag of one byte and the shortest length. Without a value there
// is none.
func object(tag byte, parts ...[]byte) []byte {
	value := slices.Concat(parts...)
	if len(value) == 0 {
		return nil
	}
	return append(append([]byte{tag}, length(len(value))...), value...)
}

func length(n int) []byte {
	switch {
	case n < 0x80:
		return []byte{byte(n)}
	case n < 0x100:
		return []byte{0x81, byte(n)}
	case n < 0x10000:
		return []byte{0x82, byte(n >> 8), byte(n)}
	}
	return []byte{0x83, byte(n >> 16), byte(n >> 8), byte(n)}
}
