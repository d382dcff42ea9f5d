// Package pn532 emulates a PN532, the NFC module of NXP, on a pseudo-terminal, so that programs which know readers
// through libnfc only, such as Debian's mrtdreader, reach our chips and others':
//
//	module, err := pn532.Open(transmit)
//	defer module.Close()
//	… run the program with LIBNFC_DEVICE set to module.Device() …
//
// It does what libnfc asks of it for one chip of ISO/IEC 14443-4 type A at 106 kbit/s (PN532 User Manual UM0701-02 §7).
// There is no radio: no collisions, no other types of chip, no being a card itself, no chained data.
package pn532

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
)

// Transmit sends a command APDU to the chip in the field and returns its response APDU. An error is a chip
// that does not answer.
type Transmit func(command []byte) ([]byte, error)

// Module is a running module. Transmit is called from its goroutine, one command at a time.
type Module struct {
	ours, theirs *os.File // the two ends; theirs stays open so that programs may come and go
	device       string
	transmit     Transmit
	done         chan struct{}
}

// Open starts a module with one chip in its field.
func Open(transmit Transmit) (*Module, error) {
	ours, theirs, path, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("opening a pseudo-terminal: %w", err)
	}
	m := &Module{ours: ours, theirs: theirs, device: "pn532_uart:" + path, transmit: transmit, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		m.serve()
	}()
	return m, nil
}

// Device is the name of the module for LIBNFC_DEVICE.
func (m *Module) Device() string { return m.device }

// Close ends the module and waits for the command that the chip is at.
func (m *Module) Close() error {
	err := errors.Join(m.ours.Close(), m.theirs.Close())
	<-m.done
	return err
}

// serve answers until the terminal is closed. Each command is acknowledged before it is done (§6.2.2.1).
func (m *Module) serve() {
	in := bufio.NewReader(m.ours)
	for {
		command, err := readCommand(in)
		if errors.Is(err, errFrame) {
			continue // the module says nothing either, and the host tries again
		}
		if err != nil {
			return
		}
		answer := syntaxError
		if data := m.answer(command); data != nil {
			answer = appendFrame(nil, fromModule, data)
		}
		if _, err := m.ours.Write(append(bytes.Clone(acknowledged), answer...)); err != nil {
			return
		}
	}
}

// Commands (§7.1).
const (
	diagnose           = 0x00
	getFirmwareVersion = 0x02
	readRegister       = 0x06
	writeRegister      = 0x08
	setParameters      = 0x12
	samConfiguration   = 0x14
	powerDown          = 0x16
	rfConfiguration    = 0x32
	inDataExchange     = 0x40
	inDeselect         = 0x44
	inListTarget       = 0x4A
	inRelease          = 0x52
	inSelect           = 0x54
)

// Status bytes (§7.1, table 13).
const (
	statusOK         = 0x00
	statusTimeout    = 0x01
	statusBuffer     = 0x07
	statusParameter  = 0x10
	statusNoTarget   = 0x27 // not acceptable in the present context
	communicationOne = 0x00 // the test of Diagnose that sends back what came
)

// firmware is IC PN532, version 1.6, which supports ISO 14443 type A and B and ISO 18092.
var firmware = []byte{0x32, 0x01, 0x06, 0x07}

// answer is the answer to a command, beginning with its code; nil for what is no command.
func (m *Module) answer(command []byte) []byte {
	if len(command) == 0 {
		return nil
	}
	code, data := command[0], command[1:]
	answer := []byte{code + 1}
	switch code {
	case diagnose:
		if len(data) == 0 || data[0] != communicationOne {
			return nil
		}
		return append(answer, data...)
	case getFirmwareVersion:
		return append(answer, firmware...)
	case readRegister:
		return append(answer, make([]byte, len(data)/2)...) // two bytes of address each; no register holds anything
	case writeRegister, setParameters, samConfiguration, rfConfiguration:
		return answer
	case powerDown, inDeselect, inRelease, inSelect:
		return append(answer, statusOK)
	case inListTarget:
		return append(answer, listed(data)...)
	case inDataExchange:
		return append(answer, m.exchange(data)...)
	}
	return nil
}

// target is the one chip as InListPassiveTarget tells it (§7.3.5): number, SENS_RES, SEL_RES with "ISO/IEC 14443-4",
// a random identifier, and an ATS that says no more than frames of 256 bytes.
var target = []byte{
	1,
	0x00, 0x04,
	0x20,
	4, 0x08, 0x5A, 0xA5, 0x3C,
	2, 0x08,
}

// listed finds the chip when chips of type A at 106 kbit/s are looked for.
func listed(data []byte) []byte {
	if len(data) < 2 || data[0] == 0 || data[1] != 0x00 {
		return []byte{0}
	}
	return append([]byte{1}, target...)
}

// overhead are the bytes in an answer's data that are not the chip's: sender, code, status.
const overhead = 3

// exchange is InDataExchange (§7.3.8): status, and what the chip answered.
func (m *Module) exchange(data []byte) []byte {
	switch {
	case len(data) < 2:
		return []byte{statusParameter}
	case data[0] != target[0]:
		return []byte{statusNoTarget}
	}
	response, err := m.transmit(bytes.Clone(data[1:]))
	switch {
	case err != nil:
		return []byte{statusTimeout}
	case len(response) > maxData-overhead:
		return []byte{statusBuffer}
	}
	return append([]byte{statusOK}, response...)
}
