package central

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"time"
)

// ErrUnavailable means that the centre did not answer or cannot now; the call may be repeated
// later.
var ErrUnavailable = errors.New("the centre is not available")

// errNotTheCentre says that something answered that is no door of the centre's.
var errNotTheCentre = fmt.Errorf("%w: not an answer of the centre's", ErrUnavailable)

// Refused means that the centre refuses a call, and would refuse it again.
type Refused struct {
	// Code is a stable word: one of the Refused… constants, or the word of a rule that this version
	// does not know.
	Code string
}

func (e *Refused) Error() string { return "the centre refused: " + e.Code }

// RefusedVersion is the code of a call that the centre does not know at all: it speaks another version.
const RefusedVersion = "version"

// postponed is ErrUnavailable with the centre's word on when to ask again.
type postponed struct {
	code  string
	after time.Duration
}

func (e *postponed) Error() string { return ErrUnavailable.Error() + ": " + e.code }
func (e *postponed) Unwrap() error { return ErrUnavailable }

// stableWord is the form of codes. Other text may be anything, and is not repeated.
var stableWord = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// problem turns an answer that is no success into an error: by the code of its problem details, or by the HTTP status
// alone when something between desk and centre answered.
func problem(answer *http.Response, raw []byte) error {
	var p Problem
	if !isMedia(answer, MediaProblem) || json.Unmarshal(raw, &p) != nil || !stableWord.MatchString(p.Code) {
		p.Code = ""
	}
	status := answer.StatusCode
	switch {
	case p.Code == FailedBusy, status == http.StatusServiceUnavailable,
		status == http.StatusBadGateway, status == http.StatusGatewayTimeout, status == http.StatusRequestTimeout:
		if p.Code == "" {
			p.Code = FailedUnavailable
		}
		return &postponed{code: p.Code, after: retryAfter(answer)}
	case status == http.StatusNotFound && p.Code != RefusedUnknown, status == http.StatusMethodNotAllowed:
		return &Refused{Code: RefusedVersion} // no such path
	case status >= 400 && status < 500 && p.Code != "":
		return &Refused{Code: p.Code}
	case status >= 300 && status < 400:
		return errNotTheCentre // somebody's page before the way out
	}
	return fmt.Errorf("the centre failed (HTTP %d)", status)
}

// unanswered turns net/http's error into one without an address in it.
func unanswered(err error) error {
	var network *net.OpError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("%w: its certificate is not believed", ErrUnavailable)
	case errors.As(err, &network) && network.Op == "remote error": // an alert of TLS: the door does not take the certificate
		return &Refused{Code: RefusedDesk}
	}
	return ErrUnavailable
}
