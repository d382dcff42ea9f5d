package inbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fiorix/go-smpp/smpp/encoding"
	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// errMessage says that a submit_sm is not well-formed.
var errMessage = errors.New("malformed short message")

// submission is what the centre needs of a submit_sm (SMPP 3.4 §4.4.1).
type submission struct {
	source, destination string
	coding              byte
	receipt             receiptWanted
	payload             []byte // without the user data header
	part                part
}

// part is a message's place in a longer one. The zero part is a message of its own.
type part struct {
	reference uint16
	total     byte
	number    byte // from 1
}

const esmClassUDHI = 0x40 // SMPP 3.4 §5.2.12: the short message begins with a user data header

func parseSubmission(p pdu.Body) (submission, error) {
	fields := p.Fields()
	// The codec leaves out what a truncated body did not have; text fields carry their NUL.
	short, ok := fields[pdufield.ShortMessage]
	if !ok {
		return submission{}, fmt.Errorf("body too short: %w", errMessage)
	}
	s := submission{
		source:      fields[pdufield.SourceAddr].String(),
		destination: fields[pdufield.DestinationAddr].String(),
		coding:      octet(fields, pdufield.DataCoding),
		receipt:     receiptWanted(octet(fields, pdufield.RegisteredDelivery) & 3),
		payload:     short.Bytes(),
	}
	options := p.TLVFields()
	if payload, ok := options[pdutlv.TagMessagePayload]; ok && len(s.payload) == 0 {
		s.payload = payload.Bytes() // SMPP 3.4 §5.3.2.32: instead of short_message
	}
	if octet(fields, pdufield.ESMClass)&esmClassUDHI != 0 {
		var err error
		if s.part, s.payload, err = splitHeader(s.payload); err != nil {
			return submission{}, err
		}
	} else {
		s.part = sarPart(options)
	}
	if s.part.total > 0 && (s.part.number == 0 || s.part.number > s.part.total) {
		return submission{}, fmt.Errorf("part %d of %d: %w", s.part.number, s.part.total, errMessage)
	}
	return s, nil
}

func octet(fields pdufield.Map, name pdufield.Name) byte {
	if f, ok := fields[name].(*pdufield.Fixed); ok {
		return f.Data
	}
	return 0
}

// sarPart reads the optional parameters that do a user data header's work (SMPP 3.4 §5.3.2.22–24).
func sarPart(options pdutlv.Map) part {
	value := func(tag pdutlv.Tag, size int) []byte {
		if f, ok := options[tag]; ok && len(f.Bytes()) == size {
			return f.Bytes()
		}
		return nil
	}
	reference := value(pdutlv.TagSarMsgRefNum, 2)
	total, number := value(pdutlv.TagSarTotalSegments, 1), value(pdutlv.TagSarSegmentSeqnum, 1)
	if reference == nil || total == nil || number == nil {
		return part{}
	}
	return part{reference: binary.BigEndian.Uint16(reference), total: total[0], number: number[0]}
}

// splitHeader takes the user data header off (3GPP TS 23.040 §9.2.3.24) and returns the place in a
// concatenated message, if the header has one, and the rest.
func splitHeader(data []byte) (part, []byte, error) {
	if len(data) == 0 || int(data[0]) > len(data)-1 {
		return part{}, nil, fmt.Errorf("user data header longer than the message: %w", errMessage)
	}
	header, rest := data[1:1+int(data[0])], data[1+int(data[0]):]
	var p part
	for len(header) > 0 {
		if len(header) < 2 || int(header[1]) > len(header)-2 {
			return part{}, nil, fmt.Errorf("information element longer than the header: %w", errMessage)
		}
		id, value := header[0], header[2:2+int(header[1])]
		header = header[2+len(value):]
		switch {
		case id == 0x00 && len(value) == 3: // §9.2.3.24.1, 8-bit reference
			p = part{uint16(value[0]), value[1], value[2]}
		case id == 0x08 && len(value) == 4: // §9.2.3.24.8, 16-bit reference
			p = part{binary.BigEndian.Uint16(value), value[2], value[3]}
		}
	}
	return p, rest, nil
}

// decodeText reads a message as a phone would show it: what cannot be read shows as U+FFFD, so that
// a wrong coding is seen rather than lost.
func decodeText(coding byte, data []byte) string {
	switch {
	case coding == 0x00, coding&0xF0 == 0xF0 && coding&0x04 == 0: // the second: 3GPP TS 23.038 message classes
		return decodeGSM7(data)
	case coding == 0x01:
		return strings.ToValidUTF8(strings.Map(func(r rune) rune {
			if r > 0x7F {
				return utf8.RuneError
			}
			return r
		}, string(data)), "\uFFFD")
	case coding == 0x03:
		text, _ := charmap.ISO8859_1.NewDecoder().Bytes(data)
		return string(text)
	case coding == 0x08:
		// UTF-16: phones accept surrogate pairs though the standard says UCS-2.
		text, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(data)
		if err != nil || !utf8.Valid(text) {
			return strings.ToValidUTF8(string(text), "\uFFFD")
		}
		return string(text)
	default:
		return fmt.Sprintf("(%d bytes of data coding 0x%02X)", len(data), coding)
	}
}

// decodeGSM7 decodes the default alphabet, one character per octet as SMPP carries it, piece by
// piece so that one wrong octet does not cost the rest.
func decodeGSM7(data []byte) string {
	const escape = 0x1B
	var text strings.Builder
	for len(data) > 0 {
		n := 1
		if data[0] == escape && len(data) > 1 {
			n = 2
		}
		piece, err := encoding.GSM7(false).NewDecoder().Bytes(data[:n])
		if err != nil {
			piece = []byte("\uFFFD")
		}
		text.Write(piece)
		data = data[n:]
	}
	return text.String()
}

// maxIncomplete bounds the long messages whose parts are still coming; the oldest is forgotten.
const maxIncomplete = 64

// longMessages puts the parts of long messages together.
type longMessages struct {
	order   []longKey
	pending map[longKey]map[byte][]byte
}

type longKey struct {
	source, destination string
	reference           uint16
	total               byte
}

// add returns the whole message once its last missing part has come. The parts are joined before
// they are decoded, because a character may be split between two.
func (l *longMessages) add(s submission) (whole []byte, complete bool) {
	if s.part.total <= 1 {
		return s.payload, true
	}
	key := longKey{s.source, s.destination, s.part.reference, s.part.total}
	parts, ok := l.pending[key]
	if !ok {
		if l.pending == nil {
			l.pending = map[longKey]map[byte][]byte{}
		}
		if len(l.order) == maxIncomplete {
			delete(l.pending, l.order[0])
			l.order = l.order[1:]
		}
		parts = map[byte][]byte{}
		l.pending[key], l.order = parts, append(l.order, key)
	}
	parts[s.part.number] = s.payload
	if len(parts) < int(s.part.total) {
		return nil, false
	}
	for number := 1; number <= int(s.part.total); number++ {
		whole = append(whole, parts[byte(number)]...)
	}
	delete(l.pending, key)
	for i := range l.order {
		if l.order[i] == key {
			l.order = append(l.order[:i], l.order[i+1:]...)
			break
		}
	}
	return whole, true
}
