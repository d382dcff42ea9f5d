// Package central is the desk's client of the centre: calls over HTTPS with the desk's certificate, and a stream of
// events by which the centre announces changes. What is said is in wire.go, which the centre's door shares.
//
// Every call may be repeated with the same identifiers and returns the same result, so a call that
// was cut off is repeated here, and by the caller for as long as the case lasts; nothing is done
// twice. Errors are of three kinds: ErrUnavailable (repeat it later), *Refused (repeating is of no
// use), and a context's own. What an answer says beyond a stable word never leaves this package.
package central

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// Config is how a desk reaches the centre.
type Config struct {
	URLs        []string         // of the centre's doors, "https://host[:port]"; one that fails is left for the next
	Certificate tls.Certificate  // the desk's, whose common name is its name, and its key
	Roots       *x509.CertPool   // of the doors' certificates
	Timeout     time.Duration    // for one try of one call; 5 s when zero
	Now         func() time.Time // time.Now when nil
}

// Centre is the centre as a desk reaches it. It is safe for concurrent use.
type Centre struct {
	http    *http.Client
	bases   []string
	at      atomic.Uint32 // which of bases, modulo their number, answered last or is to be tried next
	desk    string
	timeout time.Duration
	now     func() time.Time
}

// Dial checks the configuration. It does not wait for the centre: a desk starts while the centre is away. The caller
// closes the Centre.
func Dial(cfg Config) (*Centre, error) {
	c := &Centre{timeout: cfg.Timeout, now: cfg.Now}
	for _, address := range cfg.URLs {
		if err := CheckURL(address); err != nil {
			return nil, err
		}
		c.bases = append(c.bases, strings.TrimSuffix(address, "/"))
	}
	switch {
	case len(c.bases) == 0:
		return nil, errors.New("no address of the centre")
	case cfg.Roots == nil:
		return nil, errors.New("no authority of the centre's certificates")
	case len(cfg.Certificate.Certificate) == 0 || cfg.Certificate.PrivateKey == nil:
		return nil, errors.New("no certificate of the desk, or no key to it")
	}
	leaf, err := x509.ParseCertificate(cfg.Certificate.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("reading the desk's certificate: %w", err)
	}
	c.desk = leaf.Subject.CommonName
	if c.timeout == 0 {
		c.timeout = 5 * time.Second
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.http = newClient(cfg.Certificate, cfg.Roots)
	return c, nil
}

// CheckURL refuses what is no address of a door of the centre's. The error does not repeat it: it may be a connection
// string with a password.
func CheckURL(address string) error {
	base, err := url.Parse(address)
	if err != nil || base.Hostname() == "" || "https://"+base.Host != strings.TrimSuffix(address, "/") {
		return errors.New("not of the form https://host or https://host:port")
	}
	return nil
}

// Close ends the connections that no call uses.
func (c *Centre) Close() { c.http.CloseIdleConnections() }

// Desk is this desk's name at the centre, which its certificate tells.
func (c *Centre) Desk() string { return c.desk }

// Hello asks for the clock, the version, the rules and the state of delivery.
func (c *Centre) Hello(ctx context.Context) (Hello, error) {
	var h Hello
	err := c.ask(ctx, call{what: "say hello", method: http.MethodPost, path: PathHello, answer: &h, timed: func(before, after time.Time, door *tls.ConnectionState) {
		if door != nil {
			h.DoorEnds = door.PeerCertificates[0].NotAfter
		}
		h.RoundTrip = after.Sub(before)
		h.Skew = before.Add(h.RoundTrip / 2).Sub(h.Now)
	}})
	if err == nil {
		if err = json.Unmarshal(h.Settings, &h.Rules); err != nil {
			err = fmt.Errorf("asking the centre to say hello: %w", err)
		}
	}
	return h, err
}

// Open opens an enrolment, or a visit of another errand, under an identifier of the caller's (UUIDv7). Its refusals are
// AlreadyActive, WaitingCase and NoChip; of another errand NoKey and WrongState. Codes of *Refused: Ended, Conflict, Invalid, Unknown, TooMany, Shift, Role; of all about an enrolment also
// Shift, when whoever opened it was suspended. Here and below also Desk, Suspended, Nameless and
// Version.
func (c *Centre) Open(ctx context.Context, enrolment uuid.UUID, p Person) (Opened, error) {
	if p.Document == kiosk.CitizenCard {
		p.DocumentNumber = ""
	} else {
		p.CivilNumber = ""
	}
	var o Opened
	err := c.ask(ctx, put("open an enrolment", PathEnrolment, p, &o, enrolment))
	return o, err
}

// Status asks how an enrolment stands. Codes of *Refused: Unknown.
func (c *Centre) Status(ctx context.Context, enrolment uuid.UUID) (Status, error) {
	var s Status
	err := c.ask(ctx, call{what: "tell how an enrolment stands", method: http.MethodGet, path: fill(PathEnrolment, enrolment), answer: &s})
	return s, err
}

// Messages asks how far the messages of an enrolment came, the oldest first. Codes of *Refused: Unknown.
func (c *Centre) Messages(ctx context.Context, enrolment uuid.UUID) ([]Message, error) {
	var m Messages
	err := c.ask(ctx, call{what: "tell how far messages came", method: http.MethodGet, path: fill(PathMessages, enrolment), answer: &m})
	return m.Messages, err
}

// SendCode asks for a one-time code. Codes of *Refused: Unknown, Ended, Conflict, Invalid.
func (c *Centre) SendCode(ctx context.Context, enrolment uuid.UUID, r CodeRequest) (CodeSent, error) {
	var s CodeSent
	err := c.ask(ctx, put("send a code", PathCode, r, &s, enrolment, r.ID))
	return s, err
}

// ConfirmCode has a typed code compared. Codes of *Refused: Unknown, Ended, Expired, Conflict, Invalid,
// NoCode, TooMany (a hundred tries in this enrolment).
func (c *Centre) ConfirmCode(ctx context.Context, enrolment uuid.UUID, a Attempt) (Confirmed, error) {
	var answer Confirmed
	err := c.ask(ctx, put("compare a code", PathAttempt, a, &answer, enrolment, a.ID))
	return answer, err
}

// ChipChallenge asks for the challenge to a chip, whose EF.DG14 as read is dg14; the first call has
// it made. Codes of *Refused: Unknown, Ended, Expired, Conflict (another dg14 for this enrolment),
// Invalid (the document has no chip, or dg14 has an impossible length).
func (c *Centre) ChipChallenge(ctx context.Context, enrolment uuid.UUID, dg14 []byte) (ChipChallenge, error) {
	var q ChipChallenge
	err := c.ask(ctx, put("make a challenge for a chip", PathChipChallenge, Chip{DG14: dg14}, &q, enrolment))
	return q, err
}

// Bind hands over the evidence; marked says that the clerk has a doubt. Repeated with the same evidence it answers the
// status. Codes of *Refused: Unknown, Ended, Expired, Conflict, Invalid, NoContact, Unproven.
func (c *Centre) Bind(ctx context.Context, enrolment uuid.UUID, e transcript.Evidence, marked bool) (Status, error) {
	var s Status
	said := Evidence{JWS: e.JWS, Identity: e.Identity, SOD: e.SOD, SealedPIN: e.SealedPIN, Proof: e.Proof, Marked: marked}
	err := c.ask(ctx, put("bind", PathEvidence, said, &s, enrolment))
	return s, err
}

// Abandon ends an open enrolment; the centre forgets the person. One that has ended already stays as it
// is. Codes of *Refused: Unknown, Ended (it was bound), Invalid (reason is not a word).
func (c *Centre) Abandon(ctx context.Context, enrolment uuid.UUID, reason string) error {
	return c.ask(ctx, put("abandon an enrolment", PathAbandonment, Abandonment{Reason: reason}, nil, enrolment))
}
