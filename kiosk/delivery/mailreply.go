package delivery

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/wneessen/go-mail"
)

// reply is what a relay answered.
type reply struct {
	code     int // RFC 5321 §4.2; 0 when there was none
	subject  int // the second and third number of the enhanced code (RFC 3463); 0 when there was none
	detail   int
	enhanced bool
}

// enhancedReply finds the numbers. Relays write enhanced codes that never announced them (RFC 2034), so the text is
// looked at: where a reply begins (the library may quote it), and nowhere else in it.
var enhancedReply = regexp.MustCompile(`\b([45])(\d\d)[ -]+"?([45])\.(\d{1,3})\.(\d{1,3})\b`)

func replyOf(failure *mail.SendError) reply {
	r := reply{code: failure.ErrorCode()}
	m := enhancedReply.FindStringSubmatch(failure.Error())
	if m == nil || m[1] != m[3] || m[1]+m[2] != strconv.Itoa(r.code) {
		return r
	}
	r.subject, _ = strconv.Atoi(m[4]) // digits, says the expression
	r.detail, _ = strconv.Atoi(m[5])
	r.enhanced = r.subject != 0 // X.0.0 is "other or undefined" (RFC 3463 §3.1)
	return r
}

func (r reply) String() string {
	if r.enhanced {
		return fmt.Sprintf("%d_%d.%d.%d", r.code, r.code/100, r.subject, r.detail)
	}
	return strconv.Itoa(r.code)
}

// judge decides what a refusal is about. The enhanced code decides where there is one. Only a
// refusal that names the recipient's address or mailbox is the address's and permanent. One of our
// address as the sender, our right to relay, our reputation or the relay itself is the service's
// failure: tried again, and shown as such meanwhile.
func (r reply) judge(at mail.SendErrReason) *Error {
	switch {
	case r.code < 500:
		return temporary("mail_deferred_%s", r)
	case r.blamesRecipient(at):
		return permanent("mail_address_%s", r)
	case r.enhanced && (r.subject == 6 || r.subject == 2 && r.detail == 3), !r.enhanced && r.code == 552:
		return permanent("mail_refused_%s", r) // content, or too long: the same text is refused again
	}
	return temporary("mail_relay_refused_%s", r)
}

// blamesRecipient: X.1.x is about addresses, of which 7 and 8 are the sender's and nothing but those is at MAIL FROM;
// X.2.x is about the mailbox, of which 3 is the message's length (RFC 3463 §3.2, §3.3).
//
// Without an enhanced code, 550 to RCPT may be a mailbox that is not there or a policy (RFC 5321 §4.2.3). It is taken for
// the former: that is what it mostly is, a relay with policies mostly says 5.7.x or 554, and a person who stands at the
// desk is helped more by "another address" than by a code that is tried again until it has expired.
func (r reply) blamesRecipient(at mail.SendErrReason) bool {
	if at == mail.ErrSMTPMailFrom {
		return false
	}
	if r.enhanced {
		return r.subject == 1 && r.detail != 7 && r.detail != 8 || r.subject == 2 && r.detail != 3
	}
	if at != mail.ErrSMTPRcptTo {
		return false
	}
	switch r.code {
	case 550, 551, 552, 553, // RFC 5321 §4.2.3
		556: // the domain takes no mail (RFC 7504 §4)
		return true
	}
	return false
}
