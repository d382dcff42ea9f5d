package iso7816_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
)

// narrow is a file behind a transmitter that says how much fits.
type narrow struct {
	*file
	size int
}

func (n *narrow) MaxRead() int { return n.size }

// TestReadBinary_MaxRead: through a transmitter that carries less, as many reads as that makes, and no
// more bytes.
func TestReadBinary_MaxRead(t *testing.T) {
	content := bytes.Repeat([]byte("abc"), 300)
	n := &narrow{file: &file{content: content, most: 223}, size: 223}
	got, err := iso7816.ReadBinary(context.Background(), n, 0, 892, nil)
	if err != nil || !bytes.Equal(got, content[:892]) || n.reads != 4 || n.asked != 892 {
		t.Errorf("got %d bytes in %d reads for %d, %v", len(got), n.reads, n.asked, err)
	}
	if got := iso7816.ReadSize(n.file); got != iso7816.MaxShortLe {
		t.Errorf("got %d for a plain transmitter", got)
	}
}

// bigFile answers both kinds of READ BINARY, as ISO/IEC 7816-4 §11.3.3 has them.
type bigFile struct {
	content []byte
	tag     byte // around the data of the odd one
}

func (b *bigFile) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	c, err := iso7816.ParseCommand(apdu)
	if err != nil {
		return nil, err
	}
	if c.INS == 0xB0 {
		offset := int(c.P1)<<8 | int(c.P2)
		return append(bytes.Clone(b.content[offset:min(offset+c.Le, len(b.content))]), 0x90, 0), nil
	}
	at, err := iso7816.Unwrap(c.Data, 0x54)
	if err != nil || c.P1 != 0 || c.P2 != 0 {
		return []byte{0x6A, 0x80}, nil
	}
	offset := 0
	for _, d := range at {
		offset = offset<<8 | int(d)
	}
	if offset >= len(b.content) {
		return []byte{0x6B, 0x00}, nil
	}
	n := min(len(b.content)-offset, c.Le)
	for len(iso7816.Append(nil, iso7816.Tag(b.tag), make([]byte, n))) > c.Le {
		n--
	}
	return append(iso7816.Append(nil, iso7816.Tag(b.tag), b.content[offset:offset+n]), 0x90, 0), nil
}

// TestReadBinaryAt reads files that no short offset reaches the end of.
func TestReadBinaryAt(t *testing.T) {
	content := make([]byte, 80000)
	for i := range content {
		content[i] = byte(i * 7 >> 3)
	}
	rapid.Check(t, func(t *rapid.T) {
		card := &bigFile{content: content, tag: rapid.SampledFrom([]byte{0x53, 0x73}).Draw(t, "tag")}
		size := rapid.IntRange(5, 3000).Draw(t, "size")
		at := rapid.IntRange(0, len(content)-1).Draw(t, "at")
		got, err := iso7816.ReadBinaryAt(context.Background(), card, at, size)
		if err != nil || len(got) == 0 || len(got) < min(size-4, len(content)-at) || !bytes.HasPrefix(content[at:], got) {
			t.Fatalf("at %d for %d: got %d bytes, %v", at, size, len(got), err)
		}
	})
	card := &bigFile{content: content, tag: 0x53}
	if _, err := iso7816.ReadBinaryAt(context.Background(), card, len(content), 100); !errors.Is(err, iso7816.ErrEndOfFile) {
		t.Errorf("behind the end: got %v, want ErrEndOfFile", err)
	}
}

func TestReadBinaryAt_Errors(t *testing.T) {
	ctx := context.Background()
	for name, answer := range map[string][]byte{
		"OtherTag": {0x54, 1, 1, 0x90, 0},
		"CutOff":   {0x53, 5, 1, 0x90, 0},
		"Trailing": {0x53, 1, 1, 0, 0x90, 0},
		"Bare":     {0x90, 0},
		"TooMuch":  append([]byte{0x53, 20}, append(make([]byte, 20), 0x90, 0)...),
	} {
		if got, err := iso7816.ReadBinaryAt(ctx, &script{answers: [][]byte{answer}}, 40000, 10); err == nil {
			t.Errorf("%s: got %X", name, got)
		}
	}
	if _, err := iso7816.ReadBinaryAt(ctx, &script{answers: [][]byte{{0x53, 0, 0x90, 0}}}, 40000, 10); !errors.Is(err, iso7816.ErrEndOfFile) {
		t.Errorf("nothing inside: got %v, want ErrEndOfFile", err)
	}
	for _, bad := range [][2]int{{-1, 10}, {1 << 24, 10}, {0, 0}, {40000, 4}} {
		if _, err := iso7816.ReadBinaryAt(ctx, &script{}, bad[0], bad[1]); err == nil {
			t.Errorf("%v was read", bad)
		}
	}
}
