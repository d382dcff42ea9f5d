package inbox

import (
	"strings"
	"sync"
	"time"
)

// Misbehaviour says, for people, which numbers and addresses fail and how.
var Misbehaviour = []struct{ Who, What string }{
	{"phone …0000", "accepted, then never delivered: the receipt says UNDELIV"},
	{"phone …1111", "refused: ESME_RINVDSTADR"},
	{"phone …2222", "throttled at the first attempt: ESME_RTHROTTLED"},
	{"full@…", "mailbox full at the first attempt: 452"},
	{"nobody@…", "no such mailbox: 550"},
}

func undeliverable(number string) bool { return strings.HasSuffix(number, "0000") }
func invalid(number string) bool       { return strings.HasSuffix(number, "1111") }
func throttled(number string) bool     { return strings.HasSuffix(number, "2222") }
func full(mailbox string) bool         { return localPart(mailbox) == "full" }
func unknown(mailbox string) bool      { return localPart(mailbox) == "nobody" }

func localPart(mailbox string) string {
	local, _, _ := strings.Cut(mailbox, "@")
	return strings.ToLower(local)
}

// grace is how long a recipient who was refused once is let in afterwards: long enough that all
// parts of a long message pass, short enough that the next enrolment meets the refusal again.
const grace = time.Minute

// firstTry tells the first attempt for a recipient from those within the grace after it.
type firstTry struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (f *firstTry) refuse(recipient string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for who, at := range f.seen {
		if now.Sub(at) >= grace {
			delete(f.seen, who)
		}
	}
	if _, ok := f.seen[recipient]; ok {
		return false
	}
	if f.seen == nil {
		f.seen = map[string]time.Time{}
	}
	f.seen[recipient] = now
	return true
}
