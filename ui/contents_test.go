package ui_test

import (
	"slices"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/ui"
)

// With a name that may be cut off, clerk and person are told wherever they confirm it.
func TestNameMayBeCutOff(t *testing.T) {
	const remark = "May be cut off in the document"
	for _, source := range []kiosk.NameSource{kiosk.NameWhole, kiosk.NameCut} {
		page, review := passport(kiosk.English), review(kiosk.ReviewReading)(kiosk.English)
		page.Document.Identity.NameSource, review.Document.Identity.NameSource = source, source
		var fields []string
		for _, f := range ui.PresentClerk(page, false, "", "", "").Identity.Fields {
			fields = append(fields, "identity: "+f.Value)
		}
		for _, f := range ui.PresentClerk(review, false, "", "", "").Review.Fields {
			fields = append(fields, "review: "+f.Value)
		}
		for _, f := range ui.PresentCitizen(review, false).Fields {
			fields = append(fields, "person: "+f.Value)
		}
		for _, where := range []string{"identity: ", "review: ", "person: "} {
			told := slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, where) && strings.Contains(f, remark) })
			if told != (source == kiosk.NameCut) {
				t.Errorf("%q, %stold is %t", source, where, told)
			}
		}
	}
}

// Names that were typed whole are those that the person agrees to, with where they are from; on the page where they are
// typed, the clerk sees whether they agree.
func TestNameTyped(t *testing.T) {
	const whole = "Ana Isabel de Albuquerque Vasconcelos e Sousa Holstein"
	s := spelledReview(kiosk.English)
	for _, name := range []string{ui.PresentClerk(s, false, "", "", "").Review.Fields[0].Value, ui.PresentCitizen(s, false).Fields[0].Value} {
		if !strings.HasPrefix(name, whole+"\n") || !strings.Contains(name, "Typed whole") {
			t.Errorf("shows %q", name)
		}
	}
	for name, want := range map[string]string{"empty": "leave this empty", "right": "It agrees", "wrong": "another surname"} {
		page := map[string]func(kiosk.Language) kiosk.State{"empty": bringSpelling, "right": bringSpelled, "wrong": bringMisspelled}[name]
		if got := ui.PresentClerk(page(kiosk.English), false, "", "", "").Eligibility.Spelling; !got.Asked || !strings.Contains(got.Hint.Text, want) {
			t.Errorf("%s: says %q", name, got.Hint.Text)
		}
	}
	if ui.PresentClerk(bring(kiosk.English), false, "", "", "").Eligibility.Spelling.Asked {
		t.Error("a whole name is asked for again")
	}
}

// Somebody without a surname has a dash there, and one name everywhere else.
func TestNoSurname(t *testing.T) {
	s := passport(kiosk.English)
	id := s.Document.Identity
	id.Surname, id.GivenNames, id.MRZSurname, id.MRZGivenNames = "", "Rāmeshwar", "", "RAMESHWAR"
	fields := map[string]string{}
	for _, f := range ui.PresentClerk(s, false, "", "", "").Identity.Fields {
		fields[f.Label] = f.Value
	}
	if fields["Surname"] != "—" || fields["Given names"] != "Rāmeshwar" || fields["In the readable zone"] != "RAMESHWAR" {
		t.Errorf("got %q", fields)
	}
	if got := id.FullName(); got != "Rāmeshwar" {
		t.Errorf("whole name %q", got)
	}
}

// A photograph that cannot be shown is no photograph that is not there: the clerk hears what to compare.
func TestPhotographUnshown(t *testing.T) {
	s := passport(kiosk.English)
	s.Document.Photo, s.Document.PhotoAbsent = nil, true
	s.Document.Checks = slices.Clone(s.Document.Checks)
	i := slices.IndexFunc(s.Document.Checks, func(c kiosk.Check) bool { return c.Name == kiosk.CheckPhotoData })
	s.Document.Checks[i].Result, s.Document.Checks[i].Reason = kiosk.Absent, kiosk.ReasonPhotoUnshown
	m := ui.PresentClerk(s, false, "", "", "")
	if !strings.Contains(m.Subtitle, "cannot be shown") || !strings.Contains(m.Subtitle, "printed on the document") ||
		m.Identity.PhotoNote != "Cannot be shown" || m.Actions[0].Event == nil {
		t.Errorf("got %q, %q, %v", m.Subtitle, m.Identity.PhotoNote, m.Actions[0].Event)
	}
}

// A date that no calendar has is shown as it is printed, and no age is computed from it.
func TestImpossibleBirth(t *testing.T) {
	s := passport(kiosk.English)
	s.Document.Identity.BirthDate, s.Document.Identity.BirthPrinted = kiosk.Date{Year: 1988}, "880231"
	for _, f := range ui.PresentClerk(s, false, "", "", "").Identity.Fields {
		if f.Label == "Born" && (!strings.HasPrefix(f.Value, "880231\n") || strings.Contains(f.Value, "aged")) {
			t.Errorf("born %q", f.Value)
		}
	}
}

// What was typed for an e-mail and not sent is told to the session, and stands in its entry when the page comes back.
func TestContactDraftComesBack(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(contact(kiosk.Portuguese))
	d.Clerk().Canvas().FocusNext()
	write(d.Clerk(), "ana@")
	last := d.events[len(d.events)-1]
	if want := (kiosk.ContactDrafted{Channel: kiosk.Email, Text: "ana@"}); last != want {
		t.Fatalf("told %+v", last)
	}
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	if strings.Contains(visibleText(d.Clerk()), "ana@") {
		t.Error("it is shown on another page")
	}
	back := contact(kiosk.Portuguese)
	back.Contact.Email.Draft = "ana@"
	d.Show(back)
	if !strings.Contains(visibleText(d.Clerk()), "ana@") {
		t.Error("it does not come back")
	}
}
