package emrtd_test

import (
	"bytes"
	"errors"
	"testing"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
)

// TestFaults: each fault shows where it should, and nowhere before.
func TestFaults(t *testing.T) {
	t.Run("Dies", func(t *testing.T) {
		c := document(func(c *emrtd.Contents) {
			c.Fault = &emrtd.Fault{File: 0x0102, At: 1000, Response: card.Response{Silent: true}}
		})
		terminal := mustBAC(t, c)
		if got, err := terminal.File(0x0102, 200); !errors.Is(err, emrtdtest.ErrSilent) || len(got) != 1000 {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if _, err := terminal.Raw([]byte{0x00, 0xa4, 0, 0}); !errors.Is(err, emrtdtest.ErrSilent) {
			t.Errorf("the dead chip says %v", err)
		}
		mustBAC(t, c)
	})
	t.Run("Pulled", func(t *testing.T) {
		terminal := mustBAC(t, document(func(c *emrtd.Contents) {
			c.Fault = &emrtd.Fault{File: 0x0102, At: 10, Response: card.Response{Removed: true}}
		}))
		if _, err := terminal.File(0x0102, 200); !errors.Is(err, emrtdtest.ErrRemoved) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Endless", func(t *testing.T) {
		terminal := mustBAC(t, document(func(c *emrtd.Contents) { c.Fault, c.Extended = &emrtd.Fault{Endless: 0x0102}, true }))
		terminal.Extended = true
		if got, err := terminal.Send([4]byte{0x00, 0xb0, 0x82, 0}, nil, 100); err != nil || !bytes.Equal(got, pattern(100)) {
			t.Errorf("the file begins with % x, %v", got, err)
		}
		if got, err := terminal.File(0x0102, 65536); err == nil || len(got) != 0 {
			t.Errorf("got %d bytes, %v, want no end", len(got), err)
		}
	})
	t.Run("BadToken", func(t *testing.T) {
		terminal := emrtdtest.New(document(func(c *emrtd.Contents) { c.Fault = &emrtd.Fault{BadToken: true} }))
		if _, err := terminal.PACE(gm, emrtd.PasswordCAN, can); err == nil {
			t.Error("the token is right")
		}
	})
	t.Run("Unprotected", func(t *testing.T) {
		terminal := mustBAC(t, document(func(c *emrtd.Contents) { c.Fault = &emrtd.Fault{Unprotected: true} }))
		if _, err := terminal.File(0x0101, 100); err == nil {
			t.Error("the answer is protected")
		}
	})
	t.Run("RefusesPACE", func(t *testing.T) {
		c := document(func(c *emrtd.Contents) { c.Fault = &emrtd.Fault{RefusesPACE: true} })
		if _, err := emrtdtest.New(c).PACE(gm, emrtd.PasswordCAN, can); status(t, err) != 0x6a80 {
			t.Errorf("got %v", err)
		}
		mustBAC(t, c)
	})
}
