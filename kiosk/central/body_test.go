package central

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk"
)

// What encode writes, encoding/json reads as the same, for every request there is, and the buffer never grew.
func TestEncode(t *testing.T) {
	text := rapid.String()
	data := rapid.SliceOf(rapid.Byte())
	rapid.Check(t, func(t *rapid.T) {
		for _, request := range []any{
			Person{Document: kiosk.DocumentKind(text.Draw(t, "kind")), Country: text.Draw(t, "country"), TaxNumber: text.Draw(t, "number"), Typed: rapid.Bool().Draw(t, "typed"), Shift: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "shift"))},
			CodeRequest{Channel: kiosk.Channel(text.Draw(t, "channel")), Value: text.Draw(t, "value"), Language: kiosk.Portuguese},
			Attempt{Channel: kiosk.SMS, Code: data.Draw(t, "code")},
			Chip{DG14: data.Draw(t, "dg14")},
			Evidence{JWS: data.Draw(t, "jws"), Identity: data.Draw(t, "identity"), Proof: data.Draw(t, "proof"), Marked: rapid.Bool().Draw(t, "marked")},
			Abandonment{Reason: text.Draw(t, "reason")},
			SignIn{JWS: data.Draw(t, "statement")},
			SignInFailure{Fingerprint: data.Draw(t, "fingerprint")},
		} {
			got := encode(request)
			read := reflect.New(reflect.TypeOf(request))
			d := json.NewDecoder(bytes.NewReader(got))
			d.DisallowUnknownFields()
			if err := d.Decode(read.Interface()); err != nil {
				t.Fatalf("%s: %v", got, err)
			}
			want, err := json.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(read.Interface())
			if err != nil || !bytes.Equal(again, want) {
				t.Fatalf("%s reads as %s, want %s (%v)", got, again, want, err)
			}
		}
	})
	few := testing.AllocsPerRun(100, func() { encode(Attempt{Channel: kiosk.SMS, Code: []byte("739150")}) })
	many := testing.AllocsPerRun(100, func() { encode(Attempt{Channel: kiosk.SMS, Code: make([]byte, 1000)}) })
	if few != many {
		t.Errorf("%v allocations for a code and %v for a long one: the buffer grew", few, many)
	}
}

// A body is wiped when net/http has closed every reader of it, and what a connection has sent is wiped at once.
func TestWiped(t *testing.T) {
	b := body{json: encode(Attempt{Channel: kiosk.SMS, Code: []byte("739150")})}
	length := len(b.json)
	first, second := b.reader(), b.reader()
	wiped := make(chan struct{})
	go func() { b.wipe(); close(wiped) }()
	if raw, err := io.ReadAll(first); err != nil || len(raw) != length || raw[0] != '{' {
		t.Errorf("read %q (%v)", raw, err)
	}
	_, _ = first.Close(), first.Close()
	select {
	case <-wiped:
		t.Error("wiped while it is read")
	default:
	}
	_ = second.Close()
	<-wiped
	if !bytes.Equal(b.json, make([]byte, length)) {
		t.Error("the body is still there")
	}

	near, far := net.Pipe()
	sent := []byte("739150")
	written := make(chan error, 1)
	go func() {
		_, err := wiping{near}.Write(sent)
		_ = near.Close()
		written <- err
	}()
	if got, err := io.ReadAll(far); err != nil || string(got) != "739150" {
		t.Errorf("arrived: %q (%v)", got, err)
	}
	if err := <-written; err != nil || !bytes.Equal(sent, make([]byte, 6)) {
		t.Errorf("sent, it is still there (%v)", err)
	}
}
