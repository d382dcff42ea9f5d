// Package canonical writes what is signed in one form of JSON, and reads that form only: no spaces, the fields in the order
// of their struct, nothing escaped that need not be. So two readers cannot read two things in the same signed bytes.
package canonical

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Bytes is a byte string that JSON carries as unpadded base64url, as JOSE does (RFC 7515 §2).
type Bytes []byte

// MarshalText encodes as base64url without padding.
func (b Bytes) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

// UnmarshalText decodes base64url without padding, strictly.
func (b *Bytes) UnmarshalText(text []byte) error {
	out, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return errors.New("not base64url")
	}
	*b = out
	return nil
}

// Time cuts a time to microseconds, which is what the centre's database keeps, in UTC.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// JSON is v in its one form.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// maxDepth is how deep JSON nests in anything that is signed: {"contacts":[{}]}, {"signatures":[{}]}.
const maxDepth = 3

// Decode reads JSON of which encode(what was read) has to be the same bytes again. Unknown, repeated or missing fields,
// another order, other spaces, trailing bytes and what nests deeper than anything here does are refused. The error says
// where, never what.
func Decode[T any](data []byte, encode func(T) ([]byte, error)) (T, error) {
	var read, none T
	if tooDeep(data) {
		return none, errors.New("JSON nested too deep")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		return none, errors.New("not the expected JSON")
	}
	if d.More() || d.InputOffset() != int64(len(data)) {
		return none, errors.New("trailing bytes")
	}
	if again, err := encode(read); err != nil || !bytes.Equal(again, data) {
		return none, errors.New("another form than the canonical one")
	}
	return read, nil
}

// tooDeep reports, before a decoder follows them, whether brackets nest deeper than anything here does.
func tooDeep(data []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++ // the next byte ends no string
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
