package iso7816_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
)

func TestCommand_Encode(t *testing.T) {
	data := func(n int) []byte { return bytes.Repeat([]byte{0xDD}, n) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := map[string]struct {
		command iso7816.Command
		want    []byte
	}{
		"Case1":          {iso7816.Command{CLA: 1, INS: 2, P1: 3, P2: 4}, []byte{1, 2, 3, 4}},
		"Case2":          {iso7816.Command{Le: 5}, []byte{0, 0, 0, 0, 5}},
		"Case2/All":      {iso7816.Command{Le: 256}, []byte{0, 0, 0, 0, 0}},
		"Case2/Extended": {iso7816.Command{Le: 257}, []byte{0, 0, 0, 0, 0, 1, 1}},
		"Case2/Most":     {iso7816.Command{Le: 65536}, []byte{0, 0, 0, 0, 0, 0, 0}},
		"Case3":          {iso7816.Command{Data: data(2)}, []byte{0, 0, 0, 0, 2, 0xDD, 0xDD}},
		"Case3/Longest":  {iso7816.Command{Data: data(255)}, join([]byte{0, 0, 0, 0, 255}, data(255))},
		"Case3/Extended": {iso7816.Command{Data: data(256)}, join([]byte{0, 0, 0, 0, 0, 1, 0}, data(256))},
		"Case4":          {iso7816.Command{Data: data(1), Le: 256}, []byte{0, 0, 0, 0, 1, 0xDD, 0}},
		"Case4/Extended": {iso7816.Command{Data: data(1), Le: 300}, []byte{0, 0, 0, 0, 0, 0, 1, 0xDD, 1, 0x2C}},
	}
	for name, test := range tests {
		got, err := test.command.Encode()
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: got %X, %v, want %X", name, got, err, test.want)
		}
	}
	for _, c := range []iso7816.Command{{Le: -1}, {Le: 65537}, {Data: data(65536)}} {
		if _, err := c.Encode(); err == nil {
			t.Errorf("%d bytes and Le %d were encoded", len(c.Data), c.Le)
		}
	}
}

// script answers commands one after another and keeps them.
type script struct {
	answers  [][]byte
	commands [][]byte
	kept     [][]byte // the same, not copied: what the sender left of them
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	s.commands = append(s.commands, bytes.Clone(command))
	s.kept = append(s.kept, command)
	if len(s.answers) == 0 {
		return nil, errors.New("no more answers")
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	return answer, nil
}

func TestSend(t *testing.T) {
	read := iso7816.Command{INS: 0xB0, Le: 256}
	tests := map[string]struct {
		command iso7816.Command
		answers []string
		want    string
		sent    []string
	}{
		"OK":           {read, []string{"data\x90\x00"}, "data", []string{"\x00\xB0\x00\x00\x00"}},
		"NoData":       {read, []string{"\x90\x00"}, "", []string{"\x00\xB0\x00\x00\x00"}},
		"More":         {read, []string{"da\x61\x02", "ta\x90\x00"}, "data", []string{"\x00\xB0\x00\x00\x00", "\x00\xC0\x00\x00\x02"}},
		"MoreTwice":    {read, []string{"\x61\x00", "da\x61\x02", "ta\x90\x00"}, "data", []string{"\x00\xB0\x00\x00\x00", "\x00\xC0\x00\x00\x00", "\x00\xC0\x00\x00\x02"}},
		"WrongLe":      {read, []string{"\x6C\x04", "data\x90\x00"}, "data", []string{"\x00\xB0\x00\x00\x00", "\x00\xB0\x00\x00\x04"}},
		"WrongLe/More": {read, []string{"\x6C\x04", "da\x61\x02", "ta\x90\x00"}, "data", []string{"\x00\xB0\x00\x00\x00", "\x00\xB0\x00\x00\x04", "\x00\xC0\x00\x00\x02"}},
		"Chained class": {
			iso7816.Command{CLA: 0x10, INS: 0x86},
			[]string{"\x61\x01", "x\x90\x00"}, "x",
			[]string{"\x10\x86\x00\x00", "\x00\xC0\x00\x00\x01"},
		},
	}
	for name, test := range tests {
		s := &script{}
		for _, a := range test.answers {
			s.answers = append(s.answers, []byte(a))
		}
		got, err := iso7816.Send(context.Background(), s, test.command)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
		for i, want := range test.sent {
			if i >= len(s.commands) || string(s.commands[i]) != want {
				t.Errorf("%s: sent %X", name, s.commands)
			}
		}
		for _, command := range s.kept {
			if len(bytes.Trim(command, "\x00")) != 0 {
				t.Errorf("%s: a command was left unwiped", name)
			}
		}
	}
}

func TestSend_Errors(t *testing.T) {
	tests := map[string]struct {
		answers []string
		want    error
	}{
		"NotFound":     {[]string{"\x6A\x82"}, iso7816.ErrNotFound},
		"Security":     {[]string{"\x69\x82"}, iso7816.ErrSecurityStatus},
		"Blocked":      {[]string{"\x69\x83"}, iso7816.ErrBlocked},
		"BlockedToo":   {[]string{"\x69\x84"}, iso7816.ErrBlocked},
		"Tries":        {[]string{"\x63\xC2"}, iso7816.ErrTries{Left: 2}},
		"WrongLeTwice": {[]string{"\x6C\x04", "\x6C\x05"}, iso7816.ErrWrongLength},
		"InChain":      {[]string{"da\x61\x02", "\x6A\x88"}, iso7816.ErrNoReference},
		"ClassUnknown": {[]string{"\x68\x81"}, iso7816.ErrNotSupported},
	}
	for name, test := range tests {
		s := &script{}
		for _, a := range test.answers {
			s.answers = append(s.answers, []byte(a))
		}
		got, err := iso7816.Send(context.Background(), s, iso7816.Command{INS: 0x20})
		var status *iso7816.StatusError
		if !errors.Is(err, test.want) || !errors.As(err, &status) || len(got) != 0 {
			t.Errorf("%s: got %q, %v, want %v", name, got, err, test.want)
		}
	}
	for name, answers := range map[string][][]byte{
		"Empty":   {nil},
		"OneByte": {{0x90}},
		"Endless": make61(100),
	} {
		got, err := iso7816.Send(context.Background(), &script{answers: answers}, iso7816.Command{INS: 0xB0})
		if err == nil || got != nil {
			t.Errorf("%s: got %X, %v", name, got, err)
		}
	}
}

func make61(n int) [][]byte {
	answers := make([][]byte, n)
	for i := range answers {
		answers[i] = []byte{0xAA, 0x61, 0x01}
	}
	return answers
}

// TestSend_Warning: with a warning the data that came is not lost.
func TestSend_Warning(t *testing.T) {
	s := &script{answers: [][]byte{[]byte("da\x62\x82")}}
	got, err := iso7816.Send(context.Background(), s, iso7816.Command{INS: 0xB0, Le: 4})
	if string(got) != "da" || !errors.Is(err, iso7816.ErrEndOfFile) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStatusError(t *testing.T) {
	for sw, want := range map[iso7816.SW]string{
		0x6A82: "card answered 6A82 to command A4: file or application not found",
		0x6F12: "card answered 6F12 to command A4",
		0x63C1: "card answered 63C1 to command A4: comparison failed, 1 tries left",
	} {
		if got := (&iso7816.StatusError{INS: 0xA4, SW: sw}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// file answers READ BINARY as a card with one file does.
type file struct {
	content []byte
	most    int // bytes per answer
	asked   int
	reads   int
}

func (f *file) Transmit(_ context.Context, command []byte) ([]byte, error) {
	offset, le := int(command[2])<<8|int(command[3]), (int(command[4])+255)%256+1
	f.reads++
	f.asked += le
	if offset >= len(f.content) {
		return []byte{0x6B, 0x00}, nil
	}
	part := f.content[offset:min(offset+min(le, f.most), len(f.content))]
	return append(bytes.Clone(part), 0x90, 0x00), nil
}

// TestReadBinary: any part of any file is read exactly, in as few commands as there can be, and what the
// file does not have is an error beside what it has.
func TestReadBinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &file{content: rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content"), most: 256}
		from := rapid.IntRange(0, 2100).Draw(t, "from")
		to := from + rapid.IntRange(0, 1500).Draw(t, "size")
		told := 0
		got, err := iso7816.ReadBinary(context.Background(), f, from, to, func(n int) { told += n })
		start, end := min(from, len(f.content)), min(to, len(f.content))
		if !bytes.Equal(got, f.content[start:end]) || told != len(got) {
			t.Fatalf("got %d bytes, told %d, want %d", len(got), told, end-start)
		}
		if complete := len(got) == to-from; complete != (err == nil) || !complete && !errors.Is(err, iso7816.ErrEndOfFile) {
			t.Fatalf("got %v", err)
		}
		if want := (to - from + 255) / 256; err == nil && (f.reads != want || f.asked != to-from) {
			t.Fatalf("%d reads asking for %d bytes, want %d and %d", f.reads, f.asked, want, to-from)
		}
	})
}

func TestReadBinary_ShortAnswers(t *testing.T) {
	f := &file{content: []byte(strings.Repeat("abc", 100)), most: 70}
	got, err := iso7816.ReadBinary(context.Background(), f, 10, 290, nil)
	if err != nil || !bytes.Equal(got, f.content[10:290]) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestReadBinary_Errors(t *testing.T) {
	ctx := context.Background()
	for name, bounds := range map[string][2]int{"Negative": {-1, 5}, "Backwards": {5, 4}, "BeyondOffsets": {0, 0x8001}} {
		if _, err := iso7816.ReadBinary(ctx, &file{}, bounds[0], bounds[1], nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	tooMuch := &script{answers: [][]byte{append(make([]byte, 6), 0x90, 0x00)}}
	if _, err := iso7816.ReadBinary(ctx, tooMuch, 0, 5, nil); err == nil {
		t.Error("six bytes for five were taken")
	}
	nothing := &script{answers: [][]byte{{0x90, 0x00}}}
	if _, err := iso7816.ReadBinary(ctx, nothing, 0, 5, nil); !errors.Is(err, iso7816.ErrEndOfFile) {
		t.Errorf("nothing came: got %v, want ErrEndOfFile", err)
	}
}

func TestReadBinarySFI(t *testing.T) {
	s := &script{answers: [][]byte{[]byte("data\x90\x00")}}
	got, err := iso7816.ReadBinarySFI(context.Background(), s, 0x1D, 256)
	if err != nil || string(got) != "data" || !bytes.Equal(s.commands[0], []byte{0x00, 0xB0, 0x9D, 0x00, 0x00}) {
		t.Errorf("got %q, %v, sent %X", got, err, s.commands)
	}
	for _, sfi := range []byte{0, 31} {
		if _, err := iso7816.ReadBinarySFI(context.Background(), s, sfi, 256); err == nil {
			t.Errorf("%d was taken for a short file identifier", sfi)
		}
	}
}
