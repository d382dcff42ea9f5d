package registrar_test

import (
	"testing"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// trying is the visit of somebody who tries the key that another visit made.
func (v *visit) trying() *visit {
	v.t.Helper()
	w := *v
	w.id = newID()
	var refusal *string
	v.check(v.notices.QueryRow(v.ctx, `select refusal from desk.open_enrolment((select fingerprint from centre.desk_certificate where desk = $1 limit 1),
		$2, 'citizen-card', 'PRT', $3, null, null, false, $4, 'try')`, v.Centre.Desk(), w.id, v.civilNumber, v.shift).Scan(&refusal))
	if refusal != nil {
		v.t.Fatalf("opening: %s", *refusal)
	}
	return &w
}

// tried has a PIN compared and waits for the registrar.
func (v *visit) tried(try uuid.UUID, pin string) (s central.TryStatus) {
	v.t.Helper()
	_, err := v.Centre.Try(v.ctx, v.id, try, central.Try{By: kiosk.ByPhone, SealedPIN: v.seal(v.id, pin)})
	v.check(err)
	v.until("the PIN is compared", func() bool {
		s, err = v.Centre.TryStatus(v.ctx, v.id, try)
		v.check(err)
		return s.State != central.TryQueued
	})
	return s
}

// A desk tries a key from the PIN to the code that a registrar sends, through the centre's door, which believes the record.
func TestTryKey(t *testing.T) {
	b := newBench(t)
	b.start(2, nil)
	v := b.visit()
	v.prove()
	v.bind(goodPIN)
	status := v.judged()
	if status.State != central.StateActive {
		t.Fatalf("got %+v", status)
	}
	first := scalar[string](b, `select pin_hash from centre.key`)
	b.exec(`update centre.setting set value = '3' where name = 'pin_hash_passes'`)

	w := v.trying()
	if s := w.tried(newID(), "000000"); s.State != central.TryNo {
		t.Errorf("a wrong PIN: %+v", s)
	}
	// Who tries key after key at a desk is watched as whoever does it from one network.
	b.until("it is counted for the desk", func() bool {
		return scalar[int](b, `select count(*) from centre.watch_count where per = 'source' and what = 'pin_wrong' and other <> ''`) == 1
	})
	try := newID()
	if s := w.tried(try, goodPIN); s.State != central.TryCode {
		t.Fatalf("the right PIN: %+v", s)
	}
	if n := scalar[int](b, `select count(*) from centre.desk_try where value is not null or sealed_pin is not null`); n != 0 {
		t.Error("a PIN that was compared is kept")
	}
	sent, err := w.Centre.SendTryCode(w.ctx, w.id, try, central.TryCodeRequest{ID: newID(), Channel: kiosk.SMS, Language: kiosk.Portuguese})
	if err != nil || sent.Refusal != "" {
		t.Fatalf("got %+v, %v", sent, err)
	}
	if sent, err := w.Centre.SendTryCode(w.ctx, w.id, try, central.TryCodeRequest{ID: newID(), Channel: kiosk.Email, Language: kiosk.Portuguese}); err != nil || sent.Refusal != central.NoChannel {
		t.Errorf("to an address that the key has not: %+v, %v", sent, err)
	}
	b.until("the code is sent", func() bool { return len(w.SMS.To(w.phone, "code")) == 2 })
	code := w.SMS.Code(w.ctx, t, w.phone)
	if s, err := w.Centre.ConfirmTryCode(w.ctx, w.id, try, central.TryAttempt{ID: newID(), Code: []byte("000000")}); err != nil || s.Refusal != central.CodeWrong || s.TriesLeft != 2 {
		t.Errorf("a wrong code: %+v, %v", s, err)
	}
	s, err := w.Centre.ConfirmTryCode(w.ctx, w.id, try, central.TryAttempt{ID: newID(), Code: []byte(code)})
	if err != nil || s.Refusal != "" || s.Register != status.Register {
		t.Fatalf("got %+v, %v", s, err)
	}
	if got, err := w.Centre.TryStatus(w.ctx, w.id, try); err != nil || got.State != central.TryDone || got.Delivery == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	// The PIN was right and its hash of another cost: a registrar has exchanged it, with the record of a new version.
	b.until("the PIN is hashed anew", func() bool { return scalar[string](b, `select pin_hash from centre.key`) != first })
	if hash := scalar[string](b, `select pin_hash from centre.key`); !isPIN(t, hash, "PRT:"+v.civilNumber, goodPIN) {
		t.Error("the new hash is not the PIN's")
	}
	if n := scalar[int](b, `select count(*) from centre.key k join centre.key_record r on r.key = k.register and r.version = k.version where k.version = 2`); n != 1 {
		t.Error("no record of the new version")
	}
	again := newID()
	if s := w.tried(again, goodPIN); s.State != central.TryCode {
		t.Errorf("with the new hash: %+v", s)
	}
}

// A PIN that no registrar can read is typed again; it counts for nobody.
func TestTryKey_Unreadable(t *testing.T) {
	b := newBench(t)
	b.start(1, nil)
	v := b.visit()
	v.prove()
	v.bind(goodPIN)
	v.judged()
	w, try := v.trying(), newID()
	_, err := w.Centre.Try(w.ctx, w.id, try, central.Try{By: kiosk.ByPhone, SealedPIN: v.seal(v.id, goodPIN)}) // for another visit
	b.check(err)
	b.until("it is given up", func() bool {
		s, err := w.Centre.TryStatus(w.ctx, w.id, try)
		b.check(err)
		return s.State == central.TryFailed
	})
	if n := scalar[int](b, `select count(*) from centre.sign_in_try`); n != 0 {
		t.Error("it counts")
	}
}
