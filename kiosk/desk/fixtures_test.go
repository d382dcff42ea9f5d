package desk_test

import (
	"testing"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
	"balcao/mock-pcsc/fixtures"
)

// Every bad card of the fixtures is refused for its reason and its holder leaves the screen; every good
// one is read with a photograph, or the news that it has none.
func TestFixtures(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	signing := map[kiosk.Reason]bool{} // what only the signature brings to light
	for _, e := range b.fixtures.Entries() {
		if !d.part(e.Name, func() {
			reason := kiosk.Reason(e.RefusedFor)
			atSigning := reason == kiosk.ReasonKeyMismatch || e.Name == "cc1-pulled-signing" || e.Name == "cc2024-pulled-signing"
			d.insert(e.Name)
			if travels(e) {
				d.fixtureOpens(e)
			}
			if travels(e) && e.Kind != fixtures.KindCitizen {
				// What a chip proves, it proves while it is read.
				atSigning = false
			}
			if reason == "" || atSigning {
				s := d.until("read", complete)
				if !s.Document.Kind.Travel() && !hasCheck(s, kiosk.CheckRevocation, kiosk.Passed) || plain(s.Document.Identity.FullName()) != plain(e.Holder) {
					d.t.Error("read, but not as it should be")
				}
			} else {
				s := d.until("refused", problem(kiosk.ProblemCode(reason)))
				if s.Document.Identity != nil || s.Document.Photo != nil {
					d.t.Error("refused, and somebody stays on the screen")
				}
			}
			if atSigning {
				signing[reason] = true
				d.fromReadToSigning(kiosk.SMS)
				d.typeCardPIN()
				d.until("refused", func(s kiosk.State) bool {
					if reason == kiosk.ReasonRemoved {
						return s.Review.Phase == kiosk.ReviewCard
					}
					return problem(kiosk.ProblemCode(reason))(s)
				})
			}
			b.slots.Remove(1)
			d.do(kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.OtherDocument{}).until("empty desk", empty)
		}) {
			return // the desk is left in the middle of a case
		}
	}
	if len(signing) != 2 {
		t.Errorf("signing brought to light %v, want a clone and a card that is pulled", signing)
	}
	b.noKey()
}

// plain is a name as a machine-readable zone writes it: not every chip states the real spelling.
func plain(name string) string { return mrz.Transliterate(name) }

// fixtureOpens types what is printed on a document, three times where its chip refuses it: after that the document
// is.
func (d *running) fixtureOpens(e fixtures.Entry) {
	d.t.Helper()
	d.until(e.Name+" asks for what is printed", asks)
	d.typePrinted(e)
	if e.RefusedFor != string(kiosk.ReasonAccessDenied) {
		return
	}
	for wrong := 1; wrong < 3; wrong++ {
		d.until(e.Name+" does not open", func(s kiosk.State) bool { return asks(s) && s.Document.Access.Wrong == wrong })
		d.fresh().do(kiosk.Continue{})
	}
}
