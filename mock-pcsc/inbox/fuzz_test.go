package inbox

// Inside the package: the parsers meet outside bytes but are nobody else's to call.

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/fiorix/go-smpp/smpp/pdu"
)

func FuzzParseMail(f *testing.F) {
	for _, seed := range []string{
		"Subject: =?utf-8?q?C=C3=B3digo?=\r\n\r\n123456\r\n",
		"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nC=F3digo =31",
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>1</p>\r\n--b--\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b\r\n\r\n2\r\n--b--\r\n",
		"Content-Type: multipart/mixed\r\n\r\n", "Content-Transfer-Encoding: base64\r\n\r\nMTIzNDU2\r\n", "x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		subject, text, err := parseMail(raw)
		if err != nil && (subject != "" || text != "") {
			t.Errorf("%q, %q beside an error", subject, text)
		}
		if !utf8.ValidString(subject) || !utf8.ValidString(text) {
			t.Error("text that is not UTF-8")
		}
	})
}

func FuzzReadPDU(f *testing.F) {
	frame := func(id byte, body string) []byte {
		header := []byte{0, 0, 0, byte(16 + len(body)), 0, 0, 0, id, 0, 0, 0, 0, 0, 0, 0, 1}
		return append(header, body...)
	}
	const head = "\x00\x05\x00Balcao\x00\x01\x01+351912345678\x00"
	f.Add(frame(0x09, "balcao\x00balcao\x00\x00\x34\x00\x00\x00"))
	f.Add(frame(0x04, head+"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x03ola"))
	f.Add(frame(0x04, head+"\x40\x00\x00\x00\x00\x01\x00\x08\x00\x08\x05\x00\x03\x07\x02\x01\x00a"))
	f.Add(frame(0x04, head+"\x40\x00\x00\x00\x00\x01\x00\x08\x00\x01\xff"))
	f.Add(frame(0x04, head+"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x04\x24\x00\x02ab\x02\x0c\x00\x02\x00\x01\x02\x0e\x00\x01\x02\x02\x0f\x00\x01\x03"))
	f.Add(frame(0x15, ""))
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := readPDU(bytes.NewReader(raw))
		if err != nil {
			if p != nil {
				t.Error("a PDU beside an error")
			}
			return
		}
		if p.Header().ID != pdu.SubmitSMID {
			return
		}
		s, err := parseSubmission(p)
		if err != nil {
			return
		}
		if !utf8.ValidString(decodeText(s.coding, s.payload)) {
			t.Error("text that is not UTF-8")
		}
		var long longMessages
		if _, complete := long.add(s); complete != (s.part.total <= 1) {
			t.Errorf("part %d of %d: complete is %v", s.part.number, s.part.total, complete)
		}
	})
}

func TestLongMessages(t *testing.T) {
	t.Run("AnyOrder", func(t *testing.T) {
		var long longMessages
		for i, number := range []byte{3, 1, 1, 2} { // one of them twice
			whole, complete := long.add(submission{payload: []byte{'a' + number - 1}, part: part{7, 3, number}})
			if want := i == 3; complete != want {
				t.Fatalf("complete after %d parts: %v", i+1, complete)
			} else if complete && string(whole) != "abc" {
				t.Errorf("got %q, want %q", whole, "abc")
			}
		}
	})
	t.Run("Bounded", func(t *testing.T) {
		var long longMessages
		for reference := range uint16(1000) {
			long.add(submission{part: part{reference, 2, 1}})
		}
		if got := len(long.pending); got > maxIncomplete || got != len(long.order) {
			t.Errorf("%d incomplete messages kept, want at most %d", got, maxIncomplete)
		}
	})
}
