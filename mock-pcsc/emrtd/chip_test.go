package emrtd_test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
)

var (
	zone = []byte("L898902C<369080619406236")
	can  = []byte("123456")
	gm   = emrtd.PACE{Cipher: emrtd.AES128, Domain: 12}
)

// document is a chip that can do everything, with a large and a small file, and one that is locked.
func document(change func(*emrtd.Contents)) *emrtd.Chip {
	c := emrtd.Contents{
		ATR: []byte{0x3b}, BAC: zone, PACE: []emrtd.PACE{gm},
		Password: map[byte][]byte{emrtd.PasswordMRZ: zone, emrtd.PasswordCAN: can},
		Master: []*emrtd.File{
			{ID: 0x011c, SFI: 0x1c, Data: []byte("card access")}, {ID: 0x011d, SFI: 0x1d, Data: []byte("card security"), Read: emrtd.ByPACE},
		},
		Files: []*emrtd.File{
			{ID: 0x0101, SFI: 1, Data: bytes.Repeat([]byte("zone"), 23), Read: emrtd.Granted},
			{ID: 0x0102, SFI: 2, Data: pattern(70000), Read: emrtd.Granted},
			{ID: 0x0103, SFI: 3, Data: []byte("fingers"), Read: emrtd.Never},
		},
	}
	if change != nil {
		change(&c)
	}
	return emrtd.New(c)
}

// pattern has no two equal stretches, so that a wrong offset shows.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i*7)
	}
	return b
}

func mustBAC(t *testing.T, c card.Card) *emrtdtest.Terminal {
	t.Helper()
	terminal := emrtdtest.New(c)
	if err := terminal.BAC(zone); err != nil {
		t.Fatal(err)
	}
	return terminal
}

func mustPACE(t *testing.T, c card.Card, p emrtd.PACE) *emrtdtest.Terminal {
	t.Helper()
	terminal := emrtdtest.New(c)
	if _, err := terminal.PACE(p, emrtd.PasswordCAN, can); err != nil {
		t.Fatal(err)
	}
	return terminal
}

// status is the status word of an answer, 9000 for one without error.
func status(t *testing.T, err error) uint16 {
	t.Helper()
	var s emrtdtest.StatusError
	switch {
	case err == nil:
		return 0x9000
	case errors.As(err, &s):
		return uint16(s)
	}
	t.Fatalf("got %v, want a status word", err)
	return 0
}

// TestAccess sends commands to a chip that nobody opened.
func TestAccess(t *testing.T) {
	select01, read := "00A4020C020101", "00B0810004"
	aid := "00A4040C07A0000002471001"
	for name, dialogue := range map[string][][2]string{
		"Files":       {{aid, "9000"}, {select01, "6982"}, {read, "6982"}, {"00B0000004", "6986"}, {"00A4020C020199", "6982"}, {"00B0830001", "6982"}},
		"NotSelected": {{select01, "6A82"}, {"0084000008", "6985"}},
		"CardAccess":  {{"00A4020C02011C", "9000"}, {"00B0000004", "636172649000"}, {"00B09C0500", "6163636573739000"}, {"00A4000C023F00", "9000"}, {"00A4080C02011C", "9000"}},
		"CardSecurity": {
			{"00A4020C02011D", "6982"}, {"00B09D0000", "6982"},
		},
		"Control": {
			{"00A4000000", "6F0483023F009000"}, {"00A4020002011C00", "6F0E8002000B8201018302011C8801E09000"},
			{"00A4020402011C00", "620E8002000B8201018302011C8801E09000"}, {"00A4020002011C", "9000"},
			{"00A4040007A000000247100100", "6F098407A00000024710019000"},
		},
		"Wrong": {
			{"00A40C0C02011C", "6A86"}, {"00A4020102011C", "6A86"}, {"00A4020C03011C00", "6700"}, {"00A4040C02A000", "6A82"},
			{"00FF0000", "6D00"}, {"A0A40000023F00", "6E00"}, {"01A40000023F00", "6881"}, {"04A40000023F00", "6882"}, {"10A4000C023F00", "6884"},
			{"00B0", "6700"}, {"00B09F0000", "6A86"}, {"00A4020C00", "6700"}, {"00B09C000000FF", "6700"}, {"00B09CFF01", "6B00"},
			{"00B09C00FF", "636172642061636365737 36282"}, {"0CB0000000", "6988"}, {"008800000801020304050607 0800", "6D00"},
		},
		"NoKeys": {
			{aid, "9000"}, {"002241A4 0F 800A04007F00070202030202 840101", "6982"}, {"002241A6 02 9100", "6982"},
			{"0022C1A4 0F 800A04007F00070202040203 830101", "6A80"}, {"0022C1A4 0F 800A04007F00070202040202 830103", "6A88"},
			{"10860000027C0000", "6985"}, {"0022C1A4 12 800A04007F00070202040202 830101 84010D", "6A88"},
			{"0022C1A4 0F 800A04007F00070202040202 830101", "9000"}, {"10860000047C02810000", "6A80"}, {"10860000027C0000", "6985"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := document(nil)
			c.PowerOn()
			for _, step := range dialogue {
				if got, want := c.Transmit(unhex(t, step[0])).Data, unhex(t, step[1]); !bytes.Equal(got, want) {
					t.Errorf("%s: got %X, want %X", step[0], got, want)
				}
			}
		})
	}
}

// TestRead reads whole files, in all sizes that a terminal may try.
func TestRead(t *testing.T) {
	want := pattern(70000)
	for name, change := range map[string]func(*emrtd.Contents){
		"Short": nil, "Extended": func(c *emrtd.Contents) { c.Extended = true },
		"Limited": func(c *emrtd.Contents) { c.Extended, c.Longest = true, 1000 },
	} {
		c := document(change)
		for _, open := range []func(*testing.T, card.Card) *emrtdtest.Terminal{
			mustBAC, func(t *testing.T, c card.Card) *emrtdtest.Terminal {
				terminal := mustPACE(t, c, gm)
				if err := terminal.SelectTravel(); err != nil {
					t.Fatal(err)
				}
				return terminal
			},
		} {
			for _, le := range []int{100, 223, 231, 256, 5000, 65536} {
				if name == "Short" && le > 256 {
					continue
				}
				terminal := open(t, c)
				terminal.Extended = name != "Short"
				got, err := terminal.File(0x0102, le)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %d at a time: got %d bytes, %v", name, le, len(got), err)
				}
			}
		}
	}
}

// TestRead_Strict: a strict chip refuses what does not fit, and the session is over.
func TestRead_Strict(t *testing.T) {
	terminal := mustBAC(t, document(func(c *emrtd.Contents) { c.Strict = true }))
	if got, err := terminal.File(0x0102, 231); err != nil || len(got) != 70000 {
		t.Errorf("231 at a time: %d bytes, %v", len(got), err)
	}
	if _, err := terminal.File(0x0102, 232); status(t, err) != 0x6700 {
		t.Errorf("232 at a time: %v", err)
	}
	if _, err := terminal.Send([4]byte{0x00, 0xb0, 0x81, 0}, nil, 4); status(t, err) != 0x6988 {
		t.Errorf("after that: %v, want the session over", err)
	}
	terminal.Messages = nil
	if err := terminal.BAC(zone); err != nil {
		t.Errorf("a new session: %v", err)
	}
}

func TestExtended_Refused(t *testing.T) {
	terminal := emrtdtest.New(document(nil))
	terminal.Extended = true
	if err := terminal.SelectTravel(); status(t, err) != 0x6700 {
		t.Errorf("got %v, want wrong length", err)
	}
}

func TestWrongPassword(t *testing.T) {
	c := document(nil)
	terminal := emrtdtest.New(c)
	wrong := slices.Clone(zone)
	wrong[0] = 'M'
	for range 4 {
		if err := terminal.BAC(wrong); status(t, err) != 0x6300 {
			t.Errorf("BAC: %v", err)
		}
		if _, err := terminal.PACE(gm, emrtd.PasswordCAN, []byte("123457")); status(t, err) != 0x6300 {
			t.Errorf("PACE: %v", err)
		}
		if _, err := terminal.File(0x0101, 100); status(t, err) != 0x6982 {
			t.Errorf("a file without access: %v", err)
		}
	}
	c.Reset()
	begin := time.Now()
	c.Transmit(append([]byte{0x00, 0xa4, 0x04, 0x0c, 7}, aidTravel...))
	c.Transmit([]byte{0x00, 0x84, 0, 0, 8})
	response := c.Transmit(append(append([]byte{0x00, 0x82, 0, 0, 40}, make([]byte, 40)...), 40))
	if response.Delay < 10*time.Second || time.Since(begin) > time.Second {
		t.Errorf("the ninth failure delays by %v; want much, and nobody to wait here", response.Delay)
	}
	if err := terminal.BAC(zone); err != nil {
		t.Errorf("the right password after nine wrong ones: %v", err)
	}
	if got := c.Transmit([]byte{0x00, 0xff, 0, 0}); got.Delay != 0 {
		t.Errorf("slow for no reason: %v", got.Delay)
	}
}

// TestSecureMessaging_Ends: whatever departs from the protocol ends the session.
func TestSecureMessaging_Ends(t *testing.T) {
	protected := func(t *testing.T, terminal *emrtdtest.Terminal) []byte { // READ BINARY of four bytes
		t.Helper()
		var sent []byte
		chip := terminal.Chip
		terminal.Chip = recorder{chip, &sent}
		if _, err := terminal.Send([4]byte{0x00, 0xb0, 0x81, 0}, nil, 4); err != nil {
			t.Fatal(err)
		}
		terminal.Chip = chip
		return sent
	}
	for name, attack := range map[string]struct {
		command func(valid []byte) []byte
		want    uint16
	}{
		"Replay":    {func(valid []byte) []byte { return valid }, 0x6988},
		"Clear":     {func([]byte) []byte { return []byte{0x00, 0xb0, 0x81, 0x00, 0x04} }, 0x6987},
		"NoObjects": {func([]byte) []byte { return []byte{0x0c, 0xb0, 0x81, 0x00, 0x00} }, 0x6987},
		"NoChecksum": {func([]byte) []byte {
			return []byte{0x0c, 0xb0, 0x81, 0x00, 0x03, 0x97, 0x01, 0x04, 0x00}
		}, 0x6987},
		"Garbage":   {func([]byte) []byte { return []byte{0x0c, 0xb0, 0x81, 0x00, 0x03, 0x97, 0x05, 0x04, 0x00} }, 0x6988},
		"HalfClass": {func(valid []byte) []byte { valid[0] = 0x08; return valid }, 0x6882},
	} {
		t.Run(name, func(t *testing.T) {
			terminal := mustBAC(t, document(nil))
			valid := protected(t, terminal)
			if _, err := terminal.Raw(attack.command(valid)); status(t, err) != attack.want {
				t.Errorf("got %v, want %04X", err, attack.want)
			}
			if _, err := terminal.Send([4]byte{0x00, 0xb0, 0x81, 0}, nil, 4); err == nil {
				t.Error("the session goes on")
			}
		})
	}
	t.Run("SelectAnew", func(t *testing.T) {
		terminal := mustBAC(t, document(nil))
		terminal.Messages = nil
		if err := terminal.SelectTravel(); err != nil {
			t.Errorf("selecting in clear: %v", err)
		}
		if _, err := terminal.File(0x0101, 100); status(t, err) != 0x6982 {
			t.Errorf("access outlives the session: %v", err)
		}
	})
	t.Run("Reset", func(t *testing.T) {
		terminal := mustBAC(t, document(nil))
		terminal.Chip.Reset()
		if _, err := terminal.Send([4]byte{0x00, 0xb0, 0x81, 0}, nil, 4); status(t, err) != 0x6988 {
			t.Errorf("keys outlive a reset: %v", err)
		}
	})
	t.Run("PowerOff", func(t *testing.T) {
		terminal := mustBAC(t, document(nil))
		terminal.Chip.PowerOff()
		if _, err := terminal.Raw([]byte{0x00, 0xa4, 0, 0}); !errors.Is(err, emrtdtest.ErrSilent) {
			t.Errorf("a chip without a field: %v", err)
		}
	})
}

// recorder keeps the last command.
type recorder struct {
	card.Card
	sent *[]byte
}

func (r recorder) Transmit(command []byte) card.Response {
	*r.sent = slices.Clone(command)
	return r.Card.Transmit(command)
}

// TestProtectedErrors: an error of the file system comes back protected, and the session goes on.
func TestProtectedErrors(t *testing.T) {
	terminal := mustBAC(t, document(nil))
	for id, want := range map[uint16]uint16{0x0103: 0x6982, 0x0105: 0x6a82} {
		if _, err := terminal.File(id, 100); status(t, err) != want {
			t.Errorf("%04X: got %v, want %04X", id, err, want)
		}
	}
	if _, err := terminal.Send([4]byte{0x00, 0x84, 0, 0}, nil, 8); status(t, err) != 0x6985 {
		t.Errorf("BAC again within a session: %v", err)
	}
	if _, err := terminal.PACE(gm, emrtd.PasswordCAN, can); status(t, err) != 0x6985 {
		t.Errorf("PACE within a session: %v", err)
	}
	if got, err := terminal.File(0x0101, 200); err != nil || len(got) != 92 {
		t.Errorf("after the errors: %d bytes, %v", len(got), err)
	}
}

// FuzzTransmit: no command makes the chip panic or answer without a status word, in clear or as an open
// session unprotects it.
func FuzzTransmit(f *testing.F) {
	for _, seed := range []string{
		"00A4040C07A0000002471001", "0022C1A40F800A04007F00070202040202830102", "10860000027C0000", "00B1000005540300800000",
		"00860000437C41804104", "002241A6049102FFFF", "0088000008010203040506070800", "00B09C00000100", "0CB000000D9701048E08ED6705417E96BA5500",
	} {
		f.Add(hexSeed(seed))
	}
	private := big.NewInt(77)
	change := func(c *emrtd.Contents) {
		c.Extended = true
		c.Chip = []*emrtd.ChipKey{{ID: 1, Ciphers: []emrtd.Cipher{emrtd.TripleDES, emrtd.AES128}, Domain: 12, Private: private}}
		c.Inner = card.NewBank([]byte{0x3b})
	}
	f.Fuzz(func(t *testing.T, command []byte) {
		clear := document(change)
		clear.PowerOn()
		for range 2 {
			if r := clear.Transmit(command); len(r.Data) < 2 {
				t.Fatalf("no status word: %+v", r)
			}
		}
		if len(command) < 5 {
			return
		}
		terminal := mustPACE(t, document(change), gm)
		terminal.Extended = true
		if err := terminal.SelectTravel(); err != nil {
			t.Fatal(err)
		}
		_, _ = terminal.Send([4]byte(command[:4]), command[5:], int(command[4])+1)
	})
}

func hexSeed(s string) []byte {
	n, _ := new(big.Int).SetString("1"+s, 16)
	return n.Bytes()[1:]
}

// TestAnyDialogue: whatever is sent in whatever order, no file is read before access is granted.
func TestAnyDialogue(t *testing.T) {
	commands := [][]byte{
		append([]byte{0x00, 0xa4, 0x04, 0x0c, 7}, aidTravel...), {0x00, 0xa4, 0x02, 0x0c, 2, 1, 1}, {0x00, 0xb0, 0x81, 0, 0},
		{0x00, 0xb0, 0, 0, 0}, {0x00, 0xb1, 0, 1, 3, 0x54, 1, 0, 0}, {0x00, 0x84, 0, 0, 8}, {0x00, 0xa4, 0x00, 0x0c, 2, 0x3f, 0},
		append(append([]byte{0x00, 0x82, 0, 0, 40}, make([]byte, 40)...), 40), {0x10, 0x86, 0, 0, 2, 0x7c, 0, 0}, {0x0c, 0xb0, 0x81, 0, 0},
		{0x00, 0xb0, 0x9d, 0, 0}, {0x00, 0xb0, 0x9c, 0, 0},
	}
	rapid.Check(t, func(t *rapid.T) {
		c := document(nil)
		c.PowerOn()
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(commands)-1), 1, 12).Draw(t, "commands") {
			answer := c.Transmit(commands[i]).Data
			if bytes.Contains(answer, []byte("zone")) || bytes.Contains(answer, []byte("security")) {
				t.Fatalf("%X gives %q", commands[i], answer)
			}
		}
	})
}
