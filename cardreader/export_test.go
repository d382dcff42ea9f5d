package cardreader

import (
	"context"
	"time"

	"github.com/ebfe/scard"
)

// What the tests reach into: the memory of Watch without its calls, and a session on a reader that is
// none, because the virtual reader has no pinpad and no T=0.

// AwaitsReader is awaitsReader.
const AwaitsReader = awaitsReader

// Tracker is tracker.
type Tracker struct{ *tracker }

// NewTracker makes one that reports to emit.
func NewTracker(emit func(Event)) Tracker { return Tracker{newTracker(emit)} }

// Up, Down, Readers and State are what Watch tells it.
func (t Tracker) Up()                                                  { t.up() }
func (t Tracker) Down(cause Cause)                                     { t.down(cause) }
func (t Tracker) Readers(names ...string)                              { t.readers(names) }
func (t Tracker) State(name string, flags scard.StateFlag, atr []byte) { t.state(name, flags, atr) }

// Handle is handle.
type Handle = handle

// NewSession is a session with h.
func NewSession(h Handle, protocol scard.Protocol, timeout time.Duration) *Session {
	s := Dialer{Timeout: timeout, Patience: timeout}.session("fake")
	s.equip(h)
	go s.own(h, protocol, func() {})
	return s
}

// Answering is a dialer whose attempts fail with these codes of libpcsclite, one after the other, and then connect to h. Of
// the last code there is no end when h is nil.
func Answering(h Handle, codes ...scard.Error) Dialer {
	return Dialer{open: func(s *Session) error {
		if len(codes) > 0 {
			code := codes[0]
			if h != nil || len(codes) > 1 {
				codes = codes[1:]
			}
			return classify(code)
		}
		s.equip(h)
		go s.own(h, scard.ProtocolT1, func() {})
		return nil
	}}
}

// SetDaemonPaths pretends where pcscd may be installed.
func SetDaemonPaths(paths ...string) (restore func()) {
	was := daemonPaths
	daemonPaths = paths
	return func() { daemonPaths = was }
}

// CauseOf, PluggedIn, NoReaderFinding and ServiceFinding are parts of Diagnose.
var (
	CauseOf         = causeOf
	PluggedIn       = pluggedIn
	NoReaderFinding = noReaderFinding
	ServiceFinding  = serviceFinding
)

// Doorbell is doorbell.
type Doorbell struct{ *doorbell }

// NewDoorbell hangs one up.
func NewDoorbell(socket string) Doorbell { return Doorbell{newDoorbell(socket)} }

// Wait and Close are its methods.
func (b Doorbell) Wait(ctx context.Context) error { return b.wait(ctx, ServiceStopped) }
func (b Doorbell) Close()                         { b.close() }

// Connections counts this process's connections to pcscd.
func Connections() int { return len(connections()) }
