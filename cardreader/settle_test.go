package cardreader_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebfe/scard"

	"balcao/cardreader"
)

// TestConnect_JustInserted: what pcscd answers in the moment after a card was put in is no verdict on the card, and what
// stays is.
func TestConnect_JustInserted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		codes []scard.Error
		stays bool
		want  error
	}{
		{"ProtocolNotKnown", []scard.Error{scard.ErrProtoMismatch}, false, nil},
		{"Unpowered", []scard.Error{scard.ErrUnpoweredCard, scard.ErrUnpoweredCard}, false, nil},
		{"Unresponsive", []scard.Error{scard.ErrUnresponsiveCard, scard.ErrProtoMismatch}, false, nil},
		{"FirstExchange", []scard.Error{scard.ErrNotTransacted}, false, nil},
		{"ResetByAnother", []scard.Error{scard.ErrResetCard}, false, nil},
		{"NeitherT0NorT1", []scard.Error{scard.ErrProtoMismatch}, true, cardreader.ErrUnresponsive},
		{"Mute", []scard.Error{scard.ErrUnresponsiveCard}, true, cardreader.ErrUnresponsive},
		{"Removed", []scard.Error{scard.ErrProtoMismatch, scard.ErrRemovedCard}, true, cardreader.ErrRemoved},
		{"NoService", []scard.Error{scard.ErrNoService}, false, cardreader.ErrServiceGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &fakeHandle{}
				dialer := cardreader.Answering(h, tt.codes...)
				if tt.stays {
					dialer = cardreader.Answering(nil, tt.codes...)
				}
				begun := time.Now()
				s, err := dialer.Connect(context.Background(), "fake")
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(begun); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
				if s != nil {
					if err := s.Close(); err != nil {
						t.Errorf("closing: %v", err)
					}
				}
			})
		})
	}
}
