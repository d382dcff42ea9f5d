package kiosk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
)

func TestSecretDoesNotShow(t *testing.T) {
	secret := kiosk.Secret("907218")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("typed", "pin", secret, "event", kiosk.PINTyped{PIN: secret})
	shown := fmt.Sprintf("%v %+v %#v %s", secret, kiosk.PINTyped{PIN: secret}, secret, secret) + log.String()
	if strings.Contains(shown, "907218") || strings.Contains(shown, "57 48") {
		t.Errorf("shown: %s", shown)
	}
	if out, err := json.Marshal(kiosk.SealPIN{PIN: secret}); err == nil {
		t.Errorf("marshalled: %s", out)
	}
	secret.Wipe()
	if !bytes.Equal(secret, make([]byte, 6)) {
		t.Error("not wiped")
	}
}

func TestFullName(t *testing.T) {
	for want, id := range map[string]kiosk.Identity{
		"Ana Exemplo": {GivenNames: "Ana", Surname: "Exemplo"}, "Ana": {GivenNames: "Ana"}, "Exemplo": {Surname: "Exemplo"},
	} {
		if got := id.FullName(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPeopleDoNotShowInLogs(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "identity", anna(), "photo", kiosk.Photo{Data: []byte("face")})
	if got := log.String(); strings.Contains(got, "Inventada") || strings.Contains(got, "face") {
		t.Errorf("logged: %s", got)
	}
}

func TestDate(t *testing.T) {
	leap := kiosk.Date{Year: 2008, Month: time.February, Day: 29}
	for _, tt := range []struct {
		on   kiosk.Date
		want int
	}{
		{kiosk.Date{Year: 2024, Month: time.February, Day: 28}, 15},
		{kiosk.Date{Year: 2024, Month: time.February, Day: 29}, 16},
		{kiosk.Date{Year: 2025, Month: time.February, Day: 28}, 16},
		{kiosk.Date{Year: 2025, Month: time.March, Day: 1}, 17},
		{kiosk.Date{Year: 2025, Month: time.January, Day: 31}, 16},
	} {
		if got := leap.AgeOn(tt.on); got != tt.want {
			t.Errorf("age on %v: got %d, want %d", tt.on, got, tt.want)
		}
	}
	for _, text := range []string{"", "2008-02-29", "1900-12-31"} {
		var d kiosk.Date
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != text {
			t.Errorf("%q: got %q, %v", text, d, err)
		}
	}
	for _, text := range []string{"2007-02-29", "29-02-2008", "2008-2-29", "x"} {
		var d kiosk.Date
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, d)
		}
	}
	days := []kiosk.Date{{Year: 2007, Month: time.December, Day: 31}, leap, {Year: 2008, Month: time.March, Day: 1}, {Year: 2008, Month: time.March, Day: 2}}
	for i, d := range days {
		for j, other := range days {
			if got, want := d.Before(other), i < j; got != want {
				t.Errorf("%v before %v: got %v", d, other, got)
			}
		}
	}
	if got := kiosk.DateOf(noon); got.String() != "2026-11-23" || got.IsZero() {
		t.Errorf("date of noon: got %v", got)
	}
}
