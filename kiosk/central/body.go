package central

import (
	"bytes"
	"encoding/base64"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// body is a request's, encoded. What people typed and what their documents say is in it, so it is wiped after the call:
// encoding/json would leave copies in buffers that it keeps.
type body struct {
	json []byte
	read sync.WaitGroup // readers that net/http has not closed
}

// reader returns the body for one try. net/http may read it after the answer came, and closes it when it does not any
// more (http.RoundTripper).
func (b *body) reader() io.ReadCloser {
	b.read.Add(1)
	return &bodyReader{Reader: bytes.NewReader(b.json), close: sync.OnceFunc(b.read.Done)}
}

// wipe overwrites the body when nobody reads it any more, which is when the calls have ended or were cancelled.
func (b *body) wipe() {
	b.read.Wait()
	clear(b.json)
}

type bodyReader struct {
	*bytes.Reader
	close func()
}

// Close says that net/http reads no more.
func (r *bodyReader) Close() error { r.close(); return nil }

// encode writes one of wire.go's requests, a struct, as its tags say. The buffer has its size from the start: one that grew
// would leave copies behind.
func encode(request any) []byte {
	v := reflect.ValueOf(request)
	return appendValue(make([]byte, 0, room(v)), v)
}

// room is no less than what a value takes.
func room(v reflect.Value) int {
	switch v.Kind() {
	case reflect.String:
		return 2 + 6*v.Len() // every byte as \u00xx
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 2 + base64.StdEncoding.EncodedLen(v.Len())
		}
		n := 2
		for i := range v.Len() {
			n += 1 + room(v.Index(i))
		}
		return n
	case reflect.Map:
		n := 2
		for k, value := range v.Seq2() {
			n += 2 + room(k) + room(value)
		}
		return n
	case reflect.Struct:
		n := 2
		for i := range v.NumField() {
			n += len(`"":,`) + len(v.Type().Field(i).Tag) + room(v.Field(i))
		}
		return n
	}
	return 40 // a UUID, a truth or a number
}

func appendValue(out []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return appendText(out, v.String())
	case reflect.Array:
		return appendText(out, v.Interface().(uuid.UUID).String())
	case reflect.Bool:
		return strconv.AppendBool(out, v.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(out, v.Int(), 10)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return append(base64.StdEncoding.AppendEncode(append(out, '"'), v.Bytes()), '"')
		}
		out = append(out, '[')
		for i := range v.Len() {
			out = appendValue(comma(out), v.Index(i))
		}
		return append(out, ']')
	case reflect.Map:
		out = append(out, '{')
		for k, value := range v.Seq2() {
			out = appendValue(append(appendText(comma(out), k.String()), ':'), value)
		}
		return append(out, '}')
	case reflect.Struct:
		out = append(out, '{')
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if f := v.Field(i); name != "-" && !f.IsZero() {
				out = appendValue(append(appendText(comma(out), name), ':'), f)
			}
		}
		return append(out, '}')
	default:
		panic("central: a request has a member of another kind")
	}
}

// comma separates what comes next from what is there, unless it is the first.
func comma(out []byte) []byte {
	if last := out[len(out)-1]; last == '{' || last == '[' {
		return out
	}
	return append(out, ',')
}

// appendText appends a JSON string (RFC 8259 §7).
func appendText(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			out = append(out, b)
		}
	}
	return append(out, '"')
}
