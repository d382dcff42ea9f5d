package signin_test

import (
	"fmt"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// Where a sign-in comes from is counted, and forgotten beside the key: who tries one identifier after the other is an alert.
func TestWatched(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	from := func(by string, name, pin string) signin.Try {
		try := signin.Try{ID: newID(), By: kiosk.ByPhone, Name: name, PIN: []byte(pin), Source: []byte(by)}
		_, err := b.checker.PIN(b.Context(), try)
		b.check(err)
		return try
	}
	try := from("home", h.phone, h.pin)
	b.checker.Wait()
	if sent := h.code(try.ID, kiosk.SMS); sent.Refusal != "" {
		t.Fatal(sent.Refusal)
	}
	h.enter(try.ID, "123456")
	if got := scalar[string](b, `select string_agg(what || ' ' || n, ', ' order by what) from centre.watch_count where per = 'source'`); got != "code_confirmed 1, code_sent 1, pin_right 1" {
		t.Errorf("counted of where: %s", got)
	}
	if n := scalar[int](b, `select count(*) from centre.sign_in_try where source is not null`); n != 0 {
		t.Errorf("%d sign-ins say from where", n)
	}
	for i := range 21 {
		from("thief", fmt.Sprintf("+3519690000%02d", i), h.pin)
	}
	b.checker.Wait()
	if got := scalar[string](b, `select coalesce(string_agg(rule || ' ' || value, ', '), '') from centre.watch_alert`); got != "source_burst 21" {
		t.Errorf("alerts: %q", got)
	}
}
