package desk_test

import (
	"log/slog"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
)

// The journal of a whole enrolment says where the desk was, once each, and never who was there.
func TestJournal(t *testing.T) {
	b := newBench(t)
	var text kiosktest.Log
	d := b.start(nil)
	d.toSigning("cc1-rsa2048", kiosk.SMS)
	d.finish()
	journal := desk.Journal{Log: slog.New(slog.NewTextHandler(&text, nil))}
	who := map[string]bool{goodPIN: true, d.contact: true}
	d.mu.Lock()
	seen := d.seen
	d.mu.Unlock()
	for _, s := range seen {
		journal.Note(s)
		journal.Note(s)
		if id := s.Document.Identity; id != nil {
			for _, said := range []string{id.Surname, id.GivenNames, id.CivilNumber, id.DocumentNumber, id.TaxNumber, id.BirthDate.String()} {
				who[said] = said != ""
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	for i, line := range lines {
		for said := range who {
			if said != "" && strings.Contains(line, said) {
				t.Errorf("the journal holds %q", said)
			}
		}
		_, entry, _ := strings.Cut(line, "level=")
		if i > 0 && strings.HasSuffix(lines[i-1], entry) {
			t.Errorf("twice: %s", entry)
		}
	}
	for _, step := range []string{"document", "identity", "contact", "pin", "review", "done"} {
		if !strings.Contains(text.String(), "step="+step) {
			t.Errorf("nothing of step %s", step)
		}
	}
}
