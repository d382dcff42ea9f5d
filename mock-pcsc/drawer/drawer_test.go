package drawer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/drawer"
)

// reasons is the list of codes that the kiosk refuses cards with, repeated here on purpose: the bench
// shares no code with it.
var reasons = []string{
	"unknown_card", "card_malformed", "card_refused", "card_silent", "card_removed", "sod_invalid", "sod_unreadable", "sod_untrusted", "data_altered",
	"chain_untrusted", "certificate_expired", "certificate_purpose", "certificate_revoked", "certificate_suspended",
	"revocation_unknown", "person_mismatch", "document_expired", "under_age", "pin_blocked", "key_mismatch",
	"signer_revoked", "access_denied", "access_downgraded", "access_failed", "mrz_mismatch", "document_not_accepted",
}

func TestEntries(t *testing.T) {
	d := mustOpen(t)
	names, refused, bad := map[string]bool{}, map[string]bool{}, false
	for _, e := range d.Entries() {
		if names[e.Name] {
			t.Errorf("two cards named %s", e.Name)
		}
		names[e.Name] = true
		if e.RefusedFor == "" && bad {
			t.Errorf("good card %s comes after bad ones", e.Name)
		}
		bad = bad || e.RefusedFor != ""
		refused[e.RefusedFor] = true
		if e.Title == "" || e.Kind != drawer.KindBank && (e.Key == "" || e.Generation == "" || e.Holder == "") {
			t.Errorf("%s does not say what it is: %+v", e.Name, e)
		}
		travels := e.Kind != drawer.KindBank && e.Kind != drawer.KindCitizen
		if (e.PIN != "") != (e.Kind == drawer.KindCitizen) || (len(e.MRZ) > 0) != (travels || e.CAN != "") {
			t.Errorf("%s does not say what opens it: %+v", e.Name, e)
		}
		if (e.Level == "") != (e.RefusedFor != "") {
			t.Errorf("%s reaches the level %q", e.Name, e.Level)
		}
		if _, err := d.Card(e.Name); err != nil {
			t.Errorf("%s cannot be made: %v", e.Name, err)
		}
	}
	for _, reason := range reasons {
		if !refused[reason] {
			t.Errorf("no card is refused for %s", reason)
		}
		delete(refused, reason)
	}
	delete(refused, "")
	for reason := range refused {
		t.Errorf("cards are refused for %s, which the kiosk does not know", reason)
	}
}

func TestCard(t *testing.T) {
	d := mustOpen(t)
	t.Run("Unknown", func(t *testing.T) {
		if c, err := d.Card("library-card"); err == nil || c != nil {
			t.Errorf("got %v, %v", c, err)
		}
	})
	t.Run("CountersSurviveRemoval", func(t *testing.T) {
		c := mustCard(t, d, "cc1-rsa2048")
		selectAID := []byte{0x00, 0xa4, 0x04, 0x0c, 0x07, 0x60, 0x46, 0x32, 0xff, 0x00, 0x00, 0x02}
		c.PowerOn()
		c.Transmit(selectAID)
		c.Transmit([]byte("\x00\x20\x00\x81\x089999\xff\xff\xff\xff"))
		c.PowerOff()
		again := mustCard(t, d, "cc1-rsa2048")
		again.PowerOn()
		again.Transmit(selectAID)
		if got, want := again.Transmit([]byte{0x00, 0x20, 0x00, 0x81}).Data, []byte{0x63, 0xc2}; !bytes.Equal(got, want) {
			t.Errorf("got %x, want %x", got, want)
		}
	})
}

// TestAgesFollowTheDay opens the drawer on the days on which calendars go wrong.
func TestAgesFollowTheDay(t *testing.T) {
	for _, day := range []time.Time{
		time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC), time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC),
		time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
	} {
		d, err := drawer.OpenOn(day)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{"cc2024-sixteen": true, "cc2024-fifteen": false} {
			c := mustCard(t, d, name)
			c.PowerOn()
			identity := chipReader{t, c}.file(5, 0x01, 0x0d)
			i := bytes.Index(identity, []byte{0xcc, 10})
			born, err := time.Parse("02 01 2006", string(identity[i+2:i+12]))
			if err != nil {
				t.Fatal(err)
			}
			if got := !born.AddDate(16, 0, 0).After(day); got != want {
				t.Errorf("%s on %s: sixteen is %v, want %v", name, day.Format(time.DateOnly), got, want)
			}
		}
	}
}

// TestNobodyExists keeps numbers in the ranges that are not issued.
func TestNobodyExists(t *testing.T) {
	d := mustOpen(t)
	for _, name := range []string{"cc1-rsa2048", "cc1-long-names"} {
		c := mustCard(t, d, name)
		c.PowerOn()
		identity := chipReader{t, c}.file(2, 0x5f, 0x00, 0xef, 0x02)
		if number := string(identity[154:168]); !strings.HasPrefix(number, "99") || number[11:13] != "ZZ" {
			t.Errorf("%s: the document number is not of the unused range", name)
		}
		if tax := string(identity[1104:1106]); tax != "40" {
			t.Errorf("%s: the tax number is not of the unused range", name)
		}
	}
	for _, e := range d.Entries() {
		if !travels(e) {
			continue
		}
		number := string(fields(e.MRZ)[:4])
		if issuer := e.MRZ[0][2:5]; issuer != "UTO" && issuer != "PRT" || number != "UT99" && number != "ZZ99" {
			t.Errorf("%s: a document of %s whose number begins with %s", e.Name, issuer, number)
		}
	}
}
