package main

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk/desk"
)

// answering answers each command with the same response.
type answering struct {
	desk.CardSession
	response []byte
	err      error
}

func (s answering) Transmit(context.Context, []byte) ([]byte, error) { return s.response, s.err }

func TestCounted(t *testing.T) {
	selected := []byte{0x00, 0xA4, 0x04, 0x0C, 0x02, 0x3F, 0x00}
	read := []byte{0x00, 0xB0, 0x00, 0x00, 0x04}
	c := &counted{CardSession: answering{response: []byte{0x90, 0x00}}}
	if _, err := c.Transmit(t.Context(), selected); err != nil {
		t.Fatal(err)
	}
	c.CardSession = answering{response: []byte{1, 2, 3, 4, 0x90, 0x00}}
	if _, err := c.Transmit(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Transmit(t.Context(), []byte{0x0C, 0xB0, 0x00, 0x00, 0x00}); err != nil { // under secure messaging
		t.Fatal(err)
	}
	gone := errors.New("gone")
	c.CardSession = answering{err: gone}
	if _, err := c.Transmit(t.Context(), read); !errors.Is(err, gone) {
		t.Errorf("got error %v, want the session's", err)
	}
	want := Traffic{APDUs: 3, Sent: 17, Received: 14, FileBytes: 4}
	if got := c.traffic; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := c.traffic.wire(), 31; got != want {
		t.Errorf("got %d bytes on the wire, want %d", got, want)
	}
}

// debugOutput is OpenSC 0.23's, shortened.
const debugOutput = `P:97; T:0x14 08:45:08.514 [opensc-explorer] apdu.c:548:sc_transmit_apdu: called
P:97; T:0x14 08:45:08.514 [opensc-explorer] reader-pcsc.c:324:pcsc_transmit: reader 'Virtual PCD 00 00'
P:97; T:0x14 08:45:08.514 [opensc-explorer] reader-pcsc.c:325:pcsc_transmit:
Outgoing APDU (8 bytes):
00 A4 08 00 02 5F 00 00 ....._..

P:97; T:0x14 08:45:08.515 [opensc-explorer] reader-pcsc.c:335:pcsc_transmit:
Incoming APDU (25 bytes):
6F 15 83 02 5F 00 8C 03 06 00 00 84 0A 44 46 20 o..._........DF
63 69 74 69 7A 65 6E 90 00                      citizen..

Outgoing APDU (5 bytes):
00 B0 00 00 00 .....

Incoming APDU (258 bytes):
52 65 70 C3 BA 62 6C 69 63 61 20 50 6F 72 74 75 Rep..blica Portu
Outgoing APDU (5 bytes):
00 B0 01 00 00 .....
`

func TestParseDebug(t *testing.T) {
	want := Traffic{APDUs: 2, Sent: 13, Received: 283, FileBytes: 256} // the last command had no answer
	if got := parseDebug(debugOutput); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := parseDebug("Incoming APDU (2 bytes):\nOutgoing APDU (9 bytes):"); got != (Traffic{}) {
		t.Errorf("got %+v from half exchanges, want nothing", got)
	}
}

func TestFileSizes(t *testing.T) {
	const text = `Sending: 00 A4 02 00 02 01 0D 00 
Received (SW1=0x90, SW2=0x00):
6F 11 80 03 00 02 B0 82 01 01 83 02 01 0D 86 03 o...............
Received (SW1=0x90, SW2=0x00):
6F 15 81 02 3C 8C 82 01 01 83 02 EF 02 8A 01 05 o...<...........
Received (SW1=0x90, SW2=0x00):
6F 12 83 02 3F 00 8C 03 06 00 00 84 07 60 46 32 o...?........` + "`F2\n"
	if got, want := fileSizes(text), []int{688, 15500}; !slices.Equal(got, want) {
		t.Errorf("got sizes %v, want %v", got, want)
	}
}

func TestReads(t *testing.T) {
	want := []string{"-s", "00B0000000", "-s", "00B0010000", "-s", "00B00200B0"}
	if diff := cmp.Diff(want, reads(688)); diff != "" {
		t.Error(diff)
	}
	if got := reads(512); len(got) != 4 {
		t.Errorf("got %v for two whole pieces", got)
	}
}
