package desk_test

import (
	"slices"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
	"balcao/mock-pcsc/fixtures"
)

// printed is what a clerk can type of a document: its zone, or its number.
func printed(e fixtures.Entry) desk.AccessSecret {
	if len(e.MRZ) > 0 {
		return desk.NewAccessSecret(kiosk.AccessMRZ, strings.Join(e.MRZ, "\n"))
	}
	return desk.NewAccessSecret(kiosk.AccessCAN, e.CAN)
}

// travels reports whether the entry is read over a chip that has to be opened.
func travels(e fixtures.Entry) bool { return len(e.MRZ) > 0 || e.CAN != "" }

// TestFixturesOfTravelDocuments: each good document reaches the level it should, each bad one is refused for its reason
// and for no other.
func TestFixturesOfTravelDocuments(t *testing.T) {
	d, err := fixtures.Open()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range d.Entries() {
		if !travels(e) {
			continue
		}
		seen++
		t.Run(e.Name, func(t *testing.T) {
			b := newCards(t)
			c, _ := b.card(e.Name)
			c.PowerOn()
			var reasons []kiosk.Reason
			r := desk.Reader{Examiner: b.examiner, Emit: func(kiosk.CaseEvent) {}}
			read, outcome := r.Read(b.ctx, kiosktest.Laid{Card: c})
			if outcome.Locked == nil {
				t.Fatalf("not a chip that wants to be opened: %v %v", outcome.Verdict.Reasons, outcome.Err)
			}
			read, outcome = r.Unlock(b.ctx, kiosktest.Laid{Card: c}, outcome.Locked, printed(e))
			reasons = outcome.Verdict.Reasons
			var want []kiosk.Reason
			if e.RefusedFor != "" {
				want = []kiosk.Reason{kiosk.Reason(e.RefusedFor)}
			}
			if len(reasons) != len(want) || len(want) > 0 && reasons[0] != want[0] || len(want) == 0 && outcome.Err != nil {
				t.Fatalf("got %v (%v), want %v", reasons, outcome.Err, want)
			}
			level := string(outcome.Verdict.Assurance.Level)
			if e.RefusedFor == "" && e.Kind != fixtures.KindCitizen && level != e.Level {
				// The chip's proof to the centre is pending at the desk, and nothing else may be missing.
				missing := outcome.Verdict.Assurance.Missing
				if e.Level != "high" || len(missing) != 1 || missing[0] != kiosk.CheckKey {
					t.Errorf("got level %q missing %v, want %q", level, missing, e.Level)
				}
			}
			read.Wipe()
		})
	}
	if seen == 0 {
		t.Error("there are no travel documents")
	}
}

// A photograph in a record with a wrong length, or of the newer standard, is shown; of one that nobody can read the
// clerk hears that it cannot be shown, and the document goes on.
func TestTravelPhotographs(t *testing.T) {
	for name, shown := range map[string]bool{
		"passport-photo-length-plus1": true, "passport-photo-39794": true, "passport-photo-unshown": false,
	} {
		t.Run(name, func(t *testing.T) {
			b := newCards(t)
			c, _ := b.card(name)
			c.PowerOn()
			i := slices.IndexFunc(b.fixtures.Entries(), func(e fixtures.Entry) bool { return e.Name == name })
			var got *kiosk.PhotoRead
			r := desk.Reader{Examiner: b.examiner, Emit: func(event kiosk.CaseEvent) {
				if photo, ok := event.(kiosk.PhotoRead); ok {
					got = &photo
				}
			}}
			_, outcome := r.Read(b.ctx, kiosktest.Laid{Card: c})
			read, outcome := r.Unlock(b.ctx, kiosktest.Laid{Card: c}, outcome.Locked, printed(b.fixtures.Entries()[i]))
			defer read.Wipe()
			if outcome.Err != nil || len(outcome.Verdict.Reasons) > 0 || got == nil || (got.Photo != nil) != shown {
				t.Fatalf("got %v, %v, photograph %v", outcome.Verdict.Reasons, outcome.Err, got)
			}
			missing := slices.Contains(outcome.Verdict.Assurance.Missing, kiosk.CheckPhotoData)
			if missing == shown {
				t.Errorf("what is missing for the highest level: %v", outcome.Verdict.Assurance.Missing)
			}
		})
	}
}

// TestTravelEnrolment walks a document of each way of proving itself to an active key.
func TestTravelEnrolment(t *testing.T) {
	tests := []struct {
		name    string
		channel kiosk.Channel
		level   kiosk.Level
	}{
		{"passport-bac-aa-rsa", kiosk.SMS, kiosk.LevelHigh},              // signs over the transcript's hash
		{"passport-pace-im", kiosk.Email, kiosk.LevelHigh},               // likewise, ECDSA
		{"passport-pace-gm", kiosk.SMS, kiosk.LevelHigh},                 // answers the centre's challenge
		{"passport-pace-cam", kiosk.Email, kiosk.LevelHigh},              // likewise
		{"passport-no-originality", kiosk.SMS, kiosk.LevelSubstantial},   // nothing proves that it is no copy
		{"residence-permit", kiosk.Email, kiosk.LevelHigh},               // opened with the number on it
		{"passport-photo-unshown", kiosk.SMS, kiosk.LevelSubstantial},    // the printed photograph was compared
		{"passport-birth-impossible", kiosk.SMS, kiosk.LevelSubstantial}, // opens, and proves no age
		{"passport-no-surname", kiosk.Email, kiosk.LevelHigh},            // given names only
		{"passport-name-cut", kiosk.SMS, kiosk.LevelHigh},                // and both sides say that it may be
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.check(schema.Set(b.ctx, b.DB.Admin(), "approve_photo", 0)) // whether a supervisor looks is TestApproval's
			d := b.start(nil)
			d.readTravel(tt.name)
			d.bring(nil)
			d.toReview(tt.channel)
			d.do(kiosk.Agreed{})
			if s := d.finish(); s.Receipt.Assurance.Level != tt.level {
				t.Errorf("got level %q, want %q", s.Receipt.Assurance.Level, tt.level)
			}
			b.oneKey()
			if n := b.count(`select count(*) from centre.person p join centre.person_number n on n.person = p.id and n.source = 'said' where p.civil_number is null`); n != 1 {
				t.Errorf("%d people are known by document and tax number, want 1", n)
			}
		})
	}
}

// TestTravelSignedLater: the document was put away meanwhile, and is laid down once more for the proof; another
// one is not taken for it.
func TestTravelSignedLater(t *testing.T) {
	for _, name := range []string{"passport-bac-aa-rsa", "passport-pace-gm"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			d := b.start(nil)
			d.readTravel(name)
			d.bring(nil)
			b.slots.Remove(1)
			d.toReview(kiosk.SMS)
			d.do(kiosk.Agreed{}).until("document asked for", phase(kiosk.ReviewCard))
			other, _ := b.card("passport-aa-ecdsa")
			b.slots.Insert(2, other)
			d.until("another document", problem(kiosk.ProblemCode(kiosk.ReasonCardChanged)))
			b.slots.Remove(2)
			c, _ := b.card(name)
			b.slots.Insert(1, c)
			d.finish()
			b.oneKey()
		})
	}
}

// TestTypedEnrolment: without a chip nothing is signed but the desk's declaration, and only where the centre allows it.
func TestTypedEnrolment(t *testing.T) {
	zone := func(d *running) string { return strings.Join(d.entry("passport-bac").MRZ, "\n") }
	t.Run("Refused", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		d.until("rules known", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthGood })
		d.do(kiosk.NoChip{}).until("refused", problem(kiosk.ProblemNoChip))
	})
	t.Run("Allowed", func(t *testing.T) {
		b := newBench(t)
		b.exec(`update centre.setting set value = '2' where name = 'typed_mrz'`)
		d := b.start(nil)
		d.until("rules known", func(s kiosk.State) bool { return s.TypedMRZ })
		d.do(kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: zone(d)}, kiosk.Continue{}).untilRead()
		d.bring(func(*kiosk.Eligibility) {})
		d.toReview(kiosk.SMS)
		d.do(kiosk.Agreed{})
		if s := d.finish(); s.Receipt.Assurance.Level != kiosk.LevelSubstantial {
			t.Errorf("got level %q, want substantial", s.Receipt.Assurance.Level)
		}
		b.oneKey()
	})
}

// TestTypedTaxNumber: a number that somebody typed under a passport blocks nobody who types it under another document.
func TestTypedTaxNumber(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	same := func(e *kiosk.Eligibility) { e.TaxNumber = taxNumber(777) }
	d.readTravel("passport-bac-aa-rsa")
	d.bring(same)
	d.toReview(kiosk.SMS)
	d.do(kiosk.Agreed{})
	d.finish()
	d.takeOut()
	d.readTravel("residence-permit")
	d.bring(same)
	d.toReview(kiosk.SMS)
	d.do(kiosk.Agreed{})
	d.finish()
	if n := b.count(`select count(*) from centre.key where state = 'active'`); n != 2 {
		t.Errorf("got %d active keys, want 2", n)
	}
}

// TestContactlessCitizenCard: the State's own card, behind PACE, becomes a key like any other.
func TestContactlessCitizenCard(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.readTravel("cc2024-contactless")
	d.confirmPerson()
	d.toReview(kiosk.Email)
	d.agree()
	d.typeCardPIN()
	d.finish()
	b.oneKey()
}

// TestTravelPulledAnywhere pulls a passport at each command of its reading: what was typed stays, nobody stays on the
// screen, and it is read when it lies there again.
func TestTravelPulledAnywhere(t *testing.T) {
	b := newCards(t)
	d := b.start(nil)
	const name = "passport-bac-aa-rsa"
	d.readTravel(name)
	c, _ := b.card(name)
	all := b.slots.Exchanged()
	for n := 1; n <= all; n += 1 + all/12 {
		b.slots.Remove(1)
		d.do(kiosk.OtherDocument{}, kiosk.Cancel{}, kiosk.CancelConfirmed{}).until("empty desk", empty)
		b.slots.Interfere(kiosktest.At(n, b.slots.Pulled(n%2 == 0)))
		d.insert(name)
		d.until("asks or pulled", func(s kiosk.State) bool { return asks(s) || s.Problem != nil })
		d.typePrinted(d.entry(name))
		s := d.until("pulled", func(s kiosk.State) bool {
			return s.Problem != nil && s.Problem.Code == kiosk.ProblemCode(kiosk.ReasonRemoved) || complete(s)
		})
		if !complete(s) && (s.Document.Identity != nil || s.Document.Photo != nil) {
			t.Errorf("pulled at command %d: somebody stays on the screen", n)
		}
		b.slots.Interfere(nil)
		d.fresh()
		if !complete(s) {
			b.slots.Insert(1, c)
			s = d.until("asks or read", func(s kiosk.State) bool { return asks(s) || complete(s) })
			if asks(s) {
				d.typePrinted(d.entry(name))
			}
			d.untilRead()
		}
	}
}
