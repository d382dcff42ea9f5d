package iso7816_test

import (
	"bytes"
	"context"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
)

// TestParseCommand_RoundTrip: what Encode writes is read as it was.
func TestParseCommand_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := iso7816.Command{
			CLA: rapid.Byte().Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"), P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "data"),
			Le:   rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 65536)).Draw(t, "le"),
		}
		encoded, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := iso7816.ParseCommand(encoded)
		if err != nil || got.CLA != want.CLA || got.INS != want.INS || got.P1 != want.P1 || got.P2 != want.P2 ||
			!bytes.Equal(got.Data, want.Data) || got.Le != want.Le {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte{0, 0xB0, 0, 0, 0})
	f.Add([]byte{0, 0xA4, 4, 0x0C, 2, 1, 2, 0})
	f.Add([]byte{0, 0xB0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0x88, 0, 0, 0, 0, 2, 1, 2, 1, 0})
	f.Add([]byte{0, 0x88, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, apdu []byte) {
		c, err := iso7816.ParseCommand(apdu)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatalf("%X was read but cannot be written: %v", apdu, err)
		}
		back, err := iso7816.ParseCommand(again)
		if err != nil || !bytes.Equal(back.Data, c.Data) || back.Le != c.Le {
			t.Errorf("%X became %X", apdu, again)
		}
	})
}

// TestAppend_RoundTrip: what is written as a data object is read as it was.
func TestAppend_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tag := rapid.SampledFrom([]iso7816.Tag{0x04, 0x30, 0x99, 0x5F2E, 0x7F61, 0x5F8101}).Draw(t, "tag")
		value := make([]byte, rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 70000)).Draw(t, "size"))
		got, err := iso7816.Unwrap(iso7816.Append(nil, tag, value), tag)
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("%d bytes under %X: got %d, %v", len(value), tag, len(got), err)
		}
	})
	if got := iso7816.Append([]byte{1}, 0x04, make([]byte, 1<<24)); !bytes.Equal(got[:7], []byte{1, 0x04, 0x84, 1, 0, 0, 0}) {
		t.Errorf("got %X", got[:7])
	}
}

// TestExchange: a refusal keeps its data, parts are collected without the command's secure messaging class, and
// a command whose length was wrong is not sent again.
func TestExchange(t *testing.T) {
	s := &script{answers: [][]byte{[]byte("da\x61\x02"), []byte("ta\x6A\x82")}}
	got, sw, err := iso7816.Exchange(context.Background(), s, iso7816.Command{CLA: 0x1C, INS: 0xB0})
	if err != nil || string(got) != "data" || sw != 0x6A82 || !bytes.Equal(s.commands[1], []byte{0, 0xC0, 0, 0, 2}) {
		t.Errorf("got %q, %04X, %v after %X", got, sw, err, s.commands)
	}
	s = &script{answers: [][]byte{{0x6C, 0x04}}}
	if _, sw, err = iso7816.Exchange(context.Background(), s, iso7816.Command{INS: 0xB0}); err != nil || sw != 0x6C04 || len(s.commands) != 1 {
		t.Errorf("got %04X, %v after %d commands", sw, err, len(s.commands))
	}
}
