package pn532_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"balcao/mock-pcsc/pn532"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReadCommand has frames as libnfc sends them.
func TestReadCommand(t *testing.T) {
	for _, c := range []struct{ name, sent, want string }{
		{"OK", "0000ff02fed4022a00", "02"},
		{"Woken", "5555000000" + "0000ff03fdd416f02600", "16f0"},
		{"WithData", "0000ff04fcd4320100f900", "320100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := pn532.ReadCommand(reader(mustHex(t, c.sent)))
			if err != nil || hex.EncodeToString(got) != c.want {
				t.Errorf("got %x, %v; want %s", got, err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, sent string }{
		{"ErrChecksum", "0000ff02fed4022b00"},
		{"ErrLengthChecksum", "0000ff02ffd4022a00"},
		{"ErrFromModule", "0000ff02fed5022900"},
		{"ErrAcknowledged", "0000ff00ff00"},
		{"ErrTooLong", "0000ffffff010af5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := pn532.ReadCommand(reader(mustHex(t, c.sent))); !errors.Is(err, pn532.ErrFrame) {
				t.Errorf("got %x, %v; want ErrFrame", got, err)
			}
		})
	}
	if _, err := pn532.ReadCommand(reader(mustHex(t, "0000ff02fed4"))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v for half a frame", err)
	}
}

// FuzzReadCommand reads whatever comes: a command that is read is the one of its frame, of either form.
func FuzzReadCommand(f *testing.F) {
	f.Add(pn532.CommandFrame([]byte{0x02}))
	f.Add(pn532.CommandFrame(bytes.Repeat([]byte{0x40}, 254)))
	f.Add(pn532.CommandFrame(bytes.Repeat([]byte{0x40}, 264)))
	f.Add([]byte("\x55\x55\x00\x00\xff\x00\xff\x00"))
	f.Add([]byte("\x00\x00\xff\xff\xff\x00\x01\xff\xd4\x2c\x00"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		in := reader(sent)
		for {
			data, err := pn532.ReadCommand(in)
			if errors.Is(err, pn532.ErrFrame) {
				continue
			}
			if err != nil {
				return
			}
			again, err := pn532.ReadCommand(reader(pn532.CommandFrame(data)))
			if err != nil || !bytes.Equal(again, data) {
				t.Fatalf("command %x comes back as %x, %v", data, again, err)
			}
		}
	})
}

// TestModule talks to a module as libnfc does, over its terminal.
func TestModule(t *testing.T) {
	long := bytes.Repeat([]byte{0xab}, 262)
	module, err := pn532.Open(func(command []byte) ([]byte, error) {
		switch command[0] {
		case 0x00:
			return append(bytes.Clone(command), 0x90, 0x00), nil
		case 0x01:
			return long, nil
		case 0x02:
			return append(bytes.Clone(long), 0), nil
		}
		return nil, errors.New("silent")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := module.Close(); err != nil {
			t.Error(err)
		}
	}()
	path, ok := strings.CutPrefix(module.Device(), "pn532_uart:")
	host, err := os.OpenFile(path, os.O_RDWR, 0)
	if !ok || err != nil {
		t.Fatalf("opening %s: %v", module.Device(), err)
	}
	defer func() { _ = host.Close() }()
	if _, err := host.Write(mustHex(t, "0000ff02ffd4022a00")); err != nil { // a broken frame goes unanswered
		t.Fatal(err)
	}
	for _, c := range []struct{ name, command, want string }{
		{"Diagnose", "00" + "006c69626e6663", "01" + "006c69626e6663"},
		{"Firmware", "02", "03" + "32010607"},
		{"Registers", "06" + "63026303", "07" + "0000"},
		{"List", "4a" + "0100", "4b" + "01" + "01" + "0004" + "20" + "04085aa53c" + "0208"},
		{"ListTypeB", "4a" + "010300", "4b" + "00"},
		{"Exchange", "40" + "01" + "00b0", "41" + "00" + "00b0" + "9000"},
		{"ExchangeLong", "40" + "01" + "01", "41" + "00" + hex.EncodeToString(long)},
		{"ErrTooLong", "40" + "01" + "02", "41" + "07"},
		{"ErrSilent", "40" + "01" + "03", "41" + "01"},
		{"ErrNoTarget", "40" + "02" + "00", "41" + "27"},
		{"Release", "52" + "00", "53" + "00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := append(bytes.Clone(pn532.Acknowledged), pn532.AnswerFrame(mustHex(t, c.want))...)
			ask(t, host, pn532.CommandFrame(mustHex(t, c.command)), want)
		})
	}
	t.Run("ErrUnknown", func(t *testing.T) {
		ask(t, host, pn532.CommandFrame([]byte{0x8c}), append(bytes.Clone(pn532.Acknowledged), pn532.SyntaxError...))
	})
}

// ask sends a frame and compares as many bytes as are wanted.
func ask(t *testing.T, host *os.File, frame, want []byte) {
	t.Helper()
	if _, err := host.Write(frame); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(host, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}

func reader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

func mustHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
