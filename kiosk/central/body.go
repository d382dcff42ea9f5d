package central

import (
	"bytes"
	"encoding/base64"
	"io"
	"reflect"
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

// encode writes one of wire.go's requests, a struct of texts, byte strings, truths and UUIDs, as its tags say. The buffer has
// its size from the start: one that grew would leave copies behind.
func encode(request any) []byte {
	v := reflect.ValueOf(request)
	size := 2
	for i := range v.NumField() {
		size += len(`"":"",`) + len(v.Type().Field(i).Tag) + len("true")
		if f := v.Field(i); f.Kind() == reflect.String {
			size += 6 * f.Len() // every byte as \u00xx
		} else if f.Kind() == reflect.Array {
			size += 36 // a UUID
		} else if f.Kind() == reflect.Slice {
			size += base64.StdEncoding.EncodedLen(f.Len())
		}
	}
	out := append(make([]byte, 0, size), '{')
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if name == "-" || f.IsZero() {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), name...), `":`...)
		switch f.Kind() {
		case reflect.String:
			out = appendText(out, f.String())
		case reflect.Slice:
			out = append(base64.StdEncoding.AppendEncode(append(out, '"'), f.Bytes()), '"')
		case reflect.Array:
			out = appendText(out, f.Interface().(uuid.UUID).String())
		case reflect.Bool:
			out = append(out, "true"...)
		default:
			panic("central: a request has a member of another kind")
		}
	}
	return append(out, '}')
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
