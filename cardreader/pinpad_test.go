package cardreader_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/ebfe/scard"
	"github.com/google/go-cmp/cmp"

	"balcao/cardreader"
)

// fakeHandle is a card in a reader of any kind.
type fakeHandle struct {
	transmit func(command []byte) ([]byte, error)
	control  func(code uint32, in []byte) ([]byte, error)
	gone     bool
	left     []scard.Disposition // how the card was given back
}

func (h *fakeHandle) Transmit(command []byte) ([]byte, error) { return h.transmit(command) }

func (h *fakeHandle) Control(code uint32, in []byte) ([]byte, error) {
	if h.control == nil {
		return nil, scard.ErrUnsupportedFeature
	}
	return h.control(code, in)
}

func (h *fakeHandle) Status() (*scard.CardStatus, error) {
	if h.gone {
		return nil, scard.ErrRemovedCard
	}
	return &scard.CardStatus{State: scard.Present}, nil
}
func (h *fakeHandle) BeginTransaction() error                { return nil }
func (h *fakeHandle) EndTransaction(scard.Disposition) error { return nil }
func (h *fakeHandle) Disconnect(d scard.Disposition) error {
	h.left = append(h.left, d)
	return nil
}

func fakeSession(t *testing.T, h *fakeHandle, protocol scard.Protocol) *cardreader.Session {
	t.Helper()
	s := cardreader.NewSession(h, protocol, time.Second)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		// A card keeps a verified PIN until it is reset; one that is gone must not be, see giveBack.
		want := scard.ResetCard
		if h.gone {
			want = scard.LeaveCard
		}
		if diff := cmp.Diff([]scard.Disposition{want}, h.left); diff != "" {
			t.Errorf("given back (-want +got):\n%s", diff)
		}
	})
	return s
}

var verify = []byte{0x00, 0x20, 0x00, 0x81, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}

const (
	codeFeatures = 0x42000000 + 3400
	codeVerify   = 0x42330006
	codeStart    = 0x42330001
	codeFinish   = 0x42330002
)

func feature(tag byte, code uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{tag, 4}, code)
}

// pad is a reader with these features, which answers each of their codes.
func pad(features []byte, answers map[uint32][]byte, got map[uint32][]byte) *fakeHandle {
	return &fakeHandle{control: func(code uint32, in []byte) ([]byte, error) {
		if code == codeFeatures {
			return features, nil
		}
		got[code] = bytes.Clone(in)
		return answers[code], nil
	}}
}

func TestPinpad_None(t *testing.T) {
	for name, features := range map[string][]byte{
		"NoFeatures":    {},
		"OnlyModify":    feature(0x07, 1),
		"OnlyStart":     feature(0x01, 1),
		"Malformed":     {0x06, 4, 1, 2},
		"OtherLength":   {0x06, 2, 1, 2, 3, 4},
		"FarTooLong":    bytes.Repeat(feature(0x06, 1), 100),
		"NotAnFeatures": []byte("hello!"),
	} {
		if s := fakeSession(t, pad(features, nil, nil), scard.ProtocolT1); s.Pinpad() != nil {
			t.Errorf("%s: taken for a pinpad", name)
		}
	}
	if s := fakeSession(t, &fakeHandle{}, scard.ProtocolT1); s.Pinpad() != nil {
		t.Error("a reader without control codes was taken for a pinpad")
	}
}

func TestPinpad_VerifyPIN(t *testing.T) {
	want := append([]byte{
		30, 30, // seconds to type, and after the first key
		0x82, 0x08, 0x00, // ASCII from the left, into 8 bytes, without a length
		8, 4, // digits: at most, at least
		2, 1, // ended by the OK key; one message
		0x09, 0x04, 0, // English; the first message
		0, 0, 0, // T=1 prologue, not used
		13, 0, 0, 0, // the command
	}, verify...)
	got := map[uint32][]byte{}
	direct := pad(append(feature(0x0A, 9), feature(0x06, codeVerify)...), map[uint32][]byte{codeVerify: {0x90, 0x00}}, got)
	answer, err := fakeSession(t, direct, scard.ProtocolT1).Pinpad().VerifyPIN(context.Background(), verify, 4, 8)
	if err != nil || !bytes.Equal(answer, []byte{0x90, 0x00}) {
		t.Errorf("got %X, %v", answer, err)
	}
	if diff := cmp.Diff(map[uint32][]byte{codeVerify: want}, got); diff != "" {
		t.Errorf("sent to the reader (-want +got):\n%s", diff)
	}

	got = map[uint32][]byte{}
	twoParts := pad(append(feature(0x01, codeStart), feature(0x02, codeFinish)...),
		map[uint32][]byte{codeFinish: {0x63, 0xC2}}, got)
	answer, err = fakeSession(t, twoParts, scard.ProtocolT1).Pinpad().VerifyPIN(context.Background(), verify, 4, 8)
	if err != nil || !bytes.Equal(answer, []byte{0x63, 0xC2}) {
		t.Errorf("in two parts: got %X, %v", answer, err)
	}
	if diff := cmp.Diff(map[uint32][]byte{codeStart: want, codeFinish: nil}, got); diff != "" {
		t.Errorf("in two parts, sent to the reader (-want +got):\n%s", diff)
	}
}

func TestPinpad_VerifyPIN_Errors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer []byte
		gone   bool
		want   error
	}{
		"Timeout":   {[]byte{0x64, 0x00}, false, cardreader.ErrPINTimeout},
		"Cancelled": {[]byte{0x64, 0x01}, false, cardreader.ErrPINCancelled},
		"Differs":   {[]byte{0x64, 0x02}, false, cardreader.ErrPINLength},
		"Length":    {[]byte{0x64, 0x03}, false, cardreader.ErrPINLength},
		"Refused":   {[]byte{0x6B, 0x80}, false, cardreader.ErrPINRefused},
		"Pulled":    {nil, true, cardreader.ErrRemoved},
		"Nothing":   {nil, false, cardreader.ErrTransport},
	}
	for name, test := range tests {
		h := pad(feature(0x06, codeVerify), map[uint32][]byte{codeVerify: test.answer}, map[uint32][]byte{})
		h.gone = test.gone
		_, err := fakeSession(t, h, scard.ProtocolT1).Pinpad().VerifyPIN(context.Background(), verify, 4, 8)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	p := fakeSession(t, pad(feature(0x06, codeVerify), nil, map[uint32][]byte{}), scard.ProtocolT1).Pinpad()
	for name, command := range map[string][]byte{"Status": verify[:4], "Change": append([]byte{0, 0x24}, verify[2:]...)} {
		if _, err := p.VerifyPIN(context.Background(), command, 4, 8); err == nil {
			t.Errorf("%s: was sent to the reader", name)
		}
	}
	if _, err := p.VerifyPIN(context.Background(), verify, 4, 9); err == nil {
		t.Error("nine digits in a block of eight")
	}
}

// TestSession_T0: what T=0 cannot carry is left out, and only that.
func TestSession_T0(t *testing.T) {
	tests := map[string]struct{ command, want []byte }{
		"Case2":  {[]byte{0, 0xB0, 0, 0, 0}, []byte{0, 0xB0, 0, 0, 0}},
		"Case3":  {[]byte{0, 0xA4, 4, 0, 2, 1, 2}, []byte{0, 0xA4, 4, 0, 2, 1, 2}},
		"Case4":  {[]byte{0, 0xA4, 4, 0, 2, 1, 2, 0}, []byte{0, 0xA4, 4, 0, 2, 1, 2}},
		"Le one": {[]byte{0, 0xA4, 4, 0, 1}, []byte{0, 0xA4, 4, 0, 1}},
	}
	for name, test := range tests {
		for protocol, want := range map[scard.Protocol][]byte{scard.ProtocolT0: test.want, scard.ProtocolT1: test.command} {
			var got []byte
			h := &fakeHandle{transmit: func(command []byte) ([]byte, error) {
				got = bytes.Clone(command)
				return []byte{0x90, 0x00}, nil
			}}
			_, err := fakeSession(t, h, protocol).Transmit(context.Background(), test.command)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, protocol %d: sent %X, want %X, %v", name, protocol, got, want, err)
			}
		}
	}
}

// TestSession_Wipes: a command, which may hold a PIN, is gone from the session's memory with its answer.
func TestSession_Wipes(t *testing.T) {
	var kept []byte
	h := &fakeHandle{transmit: func(command []byte) ([]byte, error) {
		kept = command
		return []byte{0x90, 0x00}, nil
	}}
	s := fakeSession(t, h, scard.ProtocolT1)
	if _, err := s.Transmit(context.Background(), verify); err != nil {
		t.Fatal(err)
	}
	if len(bytes.Trim(kept, "\x00")) != 0 {
		t.Error("the command is still there")
	}
	if _, err := s.Transmit(context.Background(), nil); err == nil {
		t.Error("an empty command was sent")
	}
}
