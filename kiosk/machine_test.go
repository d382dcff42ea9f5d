package kiosk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balcao/kiosk"
)

// Nothing else in a test's data contains these digits.
const (
	secretPIN     = "907218"
	secretOther   = "618093"
	secretWeak    = "777777"
	secretCode    = "683507"
	secretCardPIN = "52746183"
)

var secrets = []string{secretPIN, secretOther, secretWeak, secretCode, secretCardPIN, secretStaffPIN, secretActivation}

// personal is everything of marked() and of the contacts typed that must be gone after a case.
var personal = []string{
	"Marcadora", "Invisível", "99000588", "990005887", "400000004", "400000008", "912345678", "912 345 678", "marca@", "face of",
	theZone, "MARCADORA", "M00990005", "Zelosa",
}

// theZone is that of traveller.
const theZone = "P<UTOMARCADORA<<INVISIVEL<<<<<<<<<<<<<<<<<<<\nM009900059UTO7408122F3404159<<<<<<<<<<<<<<<8"

// traveller is marked() with a passport.
func traveller() kiosk.Identity {
	id := marked()
	id.Kind, id.Generation, id.Country, id.Nationality = kiosk.Passport, "", "UTO", "UTO"
	id.CivilNumber, id.TaxNumber, id.MRZSurname, id.MRZGivenNames = "", "", "MARCADORA", "INVISIVEL"
	return id
}

func marked() kiosk.Identity {
	id := anna()
	id.Surname, id.GivenNames = "Marcadora", "Invisível"
	return id
}

// A desk hears a hundred thousand random events: answers to what it asked for, what people at it
// might press, and noise.
func TestSessionUnderRandomEvents(t *testing.T) {
	bound, changed, checked, away, locked, decided := map[kiosk.DocumentKind]int{}, map[string]int{}, 0, 0, 0, 0
	untried := func() (names []string) {
		for _, errand := range append(slices.Clone(kiosk.Life), kiosk.Errands[0], kiosk.Word) {
			if last := errand.Steps[len(errand.Steps)-1]; (last == kiosk.StepDone || last == kiosk.StepStored) && changed[errand.Name] == 0 {
				names = append(names, errand.Name)
			}
		}
		return names
	}
	for n := 0; n == 0 || n < 10 && len(untried()) > 0 && !t.Failed(); n++ { // some ends are rare
		rapid.Check(t, func(t *rapid.T) {
			w := newWorld(t)
			for range 1000 {
				w.step()
			}
			for kind, n := range w.bound {
				bound[kind] += n
			}
			for errand, n := range w.changed {
				changed[errand] += n
			}
			checked += w.checked
			away += w.away
			locked += w.locked
			decided += w.decided
		})
	}
	if locked == 0 || decided == 0 {
		t.Errorf("in random walks %d cases were behind the lock, and %d decided: both want some", locked, decided)
	}
	if away == 0 {
		t.Error("in no random walk was a card away")
	}
	if checked == 0 {
		t.Error("no random walk checked a document and stopped")
	}
	for _, kind := range []kiosk.DocumentKind{kiosk.CitizenCard, kiosk.Passport} {
		if bound[kind] == 0 {
			t.Errorf("no random walk bound a key to a %s: the walk proves little", kind)
		}
	}
	if names := untried(); len(names) > 0 {
		t.Errorf("no random walk came to the end of %v", names)
	}
	t.Logf("errands: %v", changed)
	t.Logf("keys bound: %v, documents checked: %d, cards away: %d, states behind the lock: %d, decided: %d", bound, checked, away, locked, decided)
}

// world is a session, its twin that sees the same events, and what an observer outside knows of them.
type world struct {
	*rapid.T
	session, twin *kiosk.Session
	layout        int
	state, behind kiosk.State // as it is drawn, and with what is behind the lock
	caseOf        kiosk.CaseID
	clerk         string // who began it
	locked        int    // states with a case behind the lock
	decided       int    // cases that a supervisor decided
	now           time.Time
	asked         []kiosk.Command // not yet answered
	watch         observer
	snapshot      []byte // of kept, as it was when it was returned
	kept          kiosk.State
	bound         map[kiosk.DocumentKind]int
	changed       map[string]int // by errand: what was bound, or done without evidence
	exposed       time.Time      // when the card was last with the first entry of a PIN, or there was none
	away          int            // states that said that the card is away
	checked       int            // documents that were checked to the end of that errand
	trace         []string       // what happened, for the failure message
}

// fail reports with the last events; the choices they were drawn from say little.
func (w *world) fail(format string, args ...any) {
	w.Fatalf(strings.Join(w.trace[max(0, len(w.trace)-40):], "\n")+"\n"+format, args...)
}

func newWorld(t *rapid.T) *world {
	layout := rapid.IntRange(noShifts, ownReader).Draw(t, "layout")
	settings := kiosk.Settings{DeskName: "Balcão", ShiftRequired: layout != noShifts, StaffReader: layout == ownReader}
	w := &world{
		T: t, now: noon, layout: layout, bound: map[kiosk.DocumentKind]int{}, changed: map[string]int{},
		session: kiosk.NewSession(settings, noon), twin: kiosk.NewSession(settings, noon),
	}
	for _, session := range []*kiosk.Session{w.session, w.twin} {
		session.Handle(kiosk.ReaderAdded{Reader: 1, Name: "A"})
		session.Handle(kiosk.ReaderAdded{Reader: 2, Name: "B"})
		if layout == ownReader {
			session.Handle(kiosk.ReaderAdded{Reader: 3, Name: "S", Staff: true})
		}
	}
	w.state = w.session.State()
	return w
}

// step draws one event, sends it and checks everything that must hold.
func (w *world) step() {
	e := w.draw()
	before, inside := w.state, w.behind
	late := isLate(e, inside.Case)
	w.trace = append(w.trace, fmt.Sprintf("%v %s %T%v", before.Step, before.Review.Phase, e, e))
	mine, secret := copyEvent(e)
	other, _ := copyEvent(e)

	state, commands := w.session.Handle(mine)
	twinState, twinCommands := w.twin.Handle(other)
	spoil(mine)
	w.state, w.behind = state, kiosk.Behind(w.session)
	if !reflect.DeepEqual(state, twinState) || !reflect.DeepEqual(commands, twinCommands) {
		w.fail("%T: the same events led to different results", e)
	}
	if late && (len(commands) > 0 || !reflect.DeepEqual(before, state)) {
		w.fail("%T of an earlier case changed something", e)
	}
	w.checkSecret(e, secret, commands)
	w.checkState(e)
	w.checkKept()
	w.checkShift(before, e, commands)
	if !shut(before) || !needsHands(e) {
		w.watch.event(inside, e)
	}
	for _, c := range commands {
		if complaint := w.watch.command(c, w.behind); complaint != "" {
			w.fail("after %T, %T: %s", e, c, complaint)
		}
		if _, ok := c.(kiosk.Bind); ok {
			w.bound[inside.Document.Kind]++
			w.changed[inside.Errand.Name]++
		}
	}
	if inside.Step == kiosk.StepWord && w.behind.Step == kiosk.StepDone || inside.Step == kiosk.StepNotMe && w.behind.Step == kiosk.StepDone {
		w.changed[inside.Errand.Name]++
	}
	if before.Errand.Name == "check" && before.Step == kiosk.StepIdentity && before.Document.Complete && state.Case != before.Case {
		w.checked++
	}
	w.asked = append(w.asked, commands...)
	if len(w.asked) > 6 {
		w.asked = w.asked[len(w.asked)-6:]
	}
}

// checkSecret: a secret that no command carries is wiped, unless it is the first entry of the PIN.
func (w *world) checkSecret(e kiosk.Event, secret kiosk.Secret, commands []kiosk.Command) {
	if secret == nil {
		return
	}
	for _, c := range commands {
		switch c := c.(type) {
		case kiosk.ConfirmCode:
			if &c.Code[0] == &secret[0] {
				return
			}
		case kiosk.SealPIN:
			if &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.Sign:
			if c.PIN != nil && &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.SignIn:
			if &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.UnlockShift:
			if &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.StaffSign:
			if c.PIN != nil && &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.CheckPIN:
			if &c.PIN[0] == &secret[0] {
				return
			}
		case kiosk.CheckTryCode:
			if &c.Code[0] == &secret[0] {
				return
			}
		case kiosk.Decide:
			if c.PIN != nil && &c.PIN[0] == &secret[0] {
				return
			}
		}
	}
	if _, pin := e.(kiosk.PINTyped); pin && w.state.PIN.Phase == kiosk.PINRepeat {
		return
	}
	if !bytes.Equal(secret, make([]byte, len(secret))) {
		w.fail("%T was dropped and not wiped", e)
	}
}

func (w *world) checkState(e kiosk.Event) {
	s := w.behind
	doc := s.Document
	fatal := kiosk.Over(w.session)
	live := s.Case != 0 && !fatal
	exposed := s.PIN.Phase == kiosk.PINRepeat && !doc.CardPresent && doc.Signing != kiosk.SigningDesk
	if !exposed {
		w.exposed = s.Now
	}
	if s.Away {
		w.away++
	}
	rules := []struct {
		broken bool
		rule   string
	}{
		{!s.Wake.After(s.Now), "Wake is in the past"},
		{fatal && (doc.Identity != nil || doc.Photo != nil || s.Receipt != nil), "a person is shown after the end"},
		{live && s.Past(kiosk.StepIdentity) && s.Step != kiosk.StepDone && s.Step != kiosk.StepStored && !doc.Complete, "past Identity without a complete document"},
		{s.Review.Phase == kiosk.ReviewCardPIN && !doc.CardPresent, "a card PIN is asked for without the card"},
		{s.HandedOver && (s.Examining() || s.Step == kiosk.StepDone), "the citizen has the screen with nothing to do"},
		{live && s.Step == kiosk.StepReview && s.Errand.Has(kiosk.StepPIN) && s.PIN.Phase != kiosk.PINSealed, "a review without a sealed PIN"},
		{doc.Access.Opening && !doc.Reading, "a chip is being opened and nobody reads it"},
		{live && doc.Identity != nil && s.Step == kiosk.StepDocument, "a person is known and the step is Document"},
		{s.Step == kiosk.StepEligibility && !fatal && (doc.Identity == nil || !doc.Identity.Kind.Travel()), "asks a Citizen Card's holder for more"},
		{live && s.Past(kiosk.StepEligibility) && s.Step != kiosk.StepDone && len(s.Eligible.Faults) > 0, "past Eligibility with something missing"},
		{s.Step != kiosk.StepDone && !slices.Contains(s.Errand.Steps, s.Step), "a step that is not of the errand"},
		{s.ConfirmCancel && !s.MayCancel(), "asks about a cancel that cannot be"},
		{s.Now.Sub(w.exposed) >= time.Minute, "the first entry of a PIN is kept while the card is away"},
		{s.Away && doc.CardPresent, "the card is there and away"},
		{s.Step == kiosk.StepDone && s.Receipt == nil, "done without a receipt"},
		{live && s.Step != kiosk.StepDone && s.Status.Centre.Suspended, "a case goes on at a suspended desk"},
		{s.Case == 0 && s.Step != kiosk.StepDocument, "a step without a case"},
		{s.Case != 0 && s.Choosing, "the list of errands lies over a case"},
		{s.Contact.Settled != (s.Contact.Phone.Confirmed() || s.Contact.Email.Confirmed()), "settled is not what was confirmed"},
		{s.Contact.Phone.Confirmed() && s.Contact.Phone.Value == "", "a confirmed nothing"},
		{s.Contact.Awaited == kiosk.Email && s.Contact.Email.Value == "", "a code for nothing is awaited"},
	}
	for _, r := range rules {
		if r.broken {
			w.fail("after %T: %s\n%+v", e, r.rule, s)
		}
	}
	if found := search(reflect.ValueOf(s), secrets); found != "" {
		w.fail("after %T the state holds a secret at %s", e, found)
	}
	if s.Step != kiosk.StepPIN || s.PIN.Phase != kiosk.PINRepeat {
		if found := search(reflect.ValueOf(w.session), secrets); found != "" {
			w.fail("after %T the session holds a secret at %s", e, found)
		}
	}
	if s.Case == 0 || fatal && s.Approval.Case == nil {
		if found := search(reflect.ValueOf(w.session), personal); found != "" {
			w.fail("after %T something personal is left at %s", e, found)
		}
	}
}

// checkKept: a state that a screen kept never changes under its hands.
func (w *world) checkKept() {
	if w.snapshot != nil {
		if got := mustJSON(w.T, w.kept); !bytes.Equal(got, w.snapshot) {
			w.fail("an old state changed:\n%s\n%s", w.snapshot, got)
		}
		w.snapshot = nil
		return
	}
	if w.below(10) == 0 {
		w.kept, w.snapshot = w.state, mustJSON(w.T, w.state)
	}
}

func mustJSON(t *rapid.T, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshalling a state: %v", err)
	}
	return b
}

// search walks v, unexported fields included, and returns the path of the first string or byte slice
// that contains one of the words.
func search(v reflect.Value, words []string) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return ""
		}
		return search(v.Elem(), words)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range v.NumField() {
			if found := search(v.Field(i), words); found != "" {
				return "." + v.Type().Field(i).Name + found
			}
		}
	case reflect.Slice:
		v = v.Slice(0, v.Cap()) // what was cut off is still in memory
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return contains(string(v.Bytes()), words)
		}
		for i := range v.Len() {
			if found := search(v.Index(i), words); found != "" {
				return "[]" + found
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if found := search(it.Value(), words); found != "" {
				return "[]" + found
			}
		}
	case reflect.String:
		return contains(v.String(), words)
	}
	return ""
}

func contains(text string, words []string) string {
	if text != "" && slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) }) {
		return "!"
	}
	return ""
}
