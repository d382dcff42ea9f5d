package main

import (
	"bufio"
	"context"
	"regexp"
	"strconv"
	"strings"

	"balcao/kiosk/desk"
)

// Traffic is what went over the wire between a program and a card.
type Traffic struct {
	APDUs     int `json:"apdus"`
	Sent      int `json:"bytes_sent"`           // commands
	Received  int `json:"bytes_received"`       // responses with their status words
	FileBytes int `json:"file_bytes,omitempty"` // of the responses: content of files; 0 where secure messaging hides it
}

// wire is all bytes both ways.
func (t Traffic) wire() int { return t.Sent + t.Received }

const (
	readBinary = 0xB0
	secured    = 0x0C // in the class byte: secure messaging, header authenticated (ISO/IEC 7816-4 §5.4.1)
)

// add counts one exchange of which ins is the command's instruction.
func (t *Traffic) add(ins byte, sent, received int) {
	t.APDUs++
	t.Sent += sent
	t.Received += received
	if ins == readBinary {
		t.FileBytes += max(0, received-2)
	}
}

// counted is a session whose exchanges are counted.
type counted struct {
	desk.CardSession
	traffic Traffic
}

// Transmit implements iso7816.Transmitter.
func (c *counted) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	ins, sent := byte(0), len(command)
	if sent > 1 && command[0]&secured != secured {
		ins = command[1]
	}
	response, err := c.CardSession.Transmit(ctx, command)
	if err == nil {
		c.traffic.add(ins, sent, len(response))
	}
	return response, err
}

// exchanged is how OpenSC 0.23 announces an APDU in its debug output; a dump in hexadecimal follows.
var exchanged = regexp.MustCompile(`^(Outgoing|Incoming) APDU \((\d+) bytes\):$`)

// parseDebug counts the exchanges in OpenSC's debug output.
func parseDebug(text string) Traffic {
	var t Traffic
	var ins byte
	sent := -1
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		m := exchanged.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[2]) // digits, says the expression
		if m[1] == "Incoming" {
			if sent >= 0 {
				t.add(ins, sent, n)
			}
			sent = -1
			continue
		}
		sent = n
		if lines.Scan() {
			ins = insOf(lines.Text())
		}
	}
	return t
}

// insOf reads the second byte of "00 B0 00 00 00 .....".
func insOf(dump string) byte {
	fields := strings.Fields(dump)
	if len(fields) < 2 {
		return 0
	}
	b, _ := strconv.ParseUint(fields[1], 16, 8) // 0 is no instruction we count
	return byte(b)
}
