package registrar_test

import (
	"crypto/ed25519"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/login"
	"balcao/kiosk/registrar"
)

// A key is activated on the web by whoever has the letter and the PIN, page by page, and then signs in.
func TestActivation_OnTheWeb(t *testing.T) {
	b := newBench(t)
	card := useCards(b).read(t, "cc2024")
	b.start(2, nil)
	w := b.web()
	b.exec(`update centre.setting set value = '0' where name = 'code_resend_after_seconds'`)
	later := b.openWith(card)
	address := kiosk.PostalAddress{Name: "Maria", Lines: []string{"Rua da Prata 1, 2.º"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
	later.later = &kiosk.ActivationFacts{Channel: kiosk.Letter, Address: address}
	letter := central.ActivationRequest{ID: newID(), Channel: kiosk.Letter, Address: address, Language: kiosk.Portuguese}
	if sent, err := b.Centre.SetActivation(b.ctx, later.id, letter); err != nil || sent.Refusal != "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	register := later.done().Register
	b.until("the letter can be printed", func() bool { return scalar[int](b, `select count(*) from registrar.letters()`) == 1 })
	code, err := registrar.ActivationCode(pepper, register, 1)
	b.check(err)
	e := login.New(w.db, w.pins, []ed25519.PublicKey{b.Records.Public().(ed25519.PublicKey)})
	browser := login.NewToken()
	do := func(step login.ActivationStep, problem login.Problem, a login.Action) login.ActivationPage {
		t.Helper()
		page, err := e.Activate(b.ctx, browser, kiosk.Portuguese, a, []byte("home"))
		if err != nil || page.Step != step || page.Problem != problem {
			t.Fatalf("got %+v, %v, want %s %q", page, err, step, problem)
		}
		return page
	}
	name := "PRT " + card.holder.CivilNumber
	do(login.ActivationCode, login.Unspelled, login.Activate{Identifier: name, Code: []byte("short"), PIN: []byte(goodPIN)})
	do(login.ActivationCode, login.No, login.Activate{Identifier: name, Code: []byte("ABCDE-FGHJK"), PIN: []byte(goodPIN)})
	do(login.ActivationCode, login.No, login.Activate{Identifier: name, Code: []byte(string(code)), PIN: []byte("000000")})
	do(login.ActivationCode, login.No, login.Activate{Identifier: "912345678", Code: []byte(string(code)), PIN: []byte(goodPIN)})
	do(login.ActivationCode, login.No, login.EnterCode{Code: []byte("123456")}) // which nothing asked for
	do(login.ActivationContact, login.OK, login.Activate{Identifier: name, Code: []byte(string(code)), PIN: []byte(goodPIN)})
	do(login.ActivationContact, login.ContactInvalid, login.ActivateContact{Text: "12"})
	const phone = "+351912345670"
	if page := do(login.ActivationProof, login.OK, login.ActivateContact{Text: "912 345 670"}); page.Contact != login.Masked(phone) || page.Channel != kiosk.SMS {
		t.Errorf("a contact: %+v", page)
	}
	proof := b.SMS.NextCode(b.ctx, t, phone, 0)
	wrong := []byte("000000")
	if proof == string(wrong) {
		wrong[0]++
	}
	do(login.ActivationProof, login.CodeWrong, login.EnterCode{Code: wrong})
	do(login.ActivationWaiting, login.OK, login.EnterCode{Code: []byte(proof)})
	b.until("the key is active", func() bool {
		page, err := e.Activation(b.ctx, browser)
		b.check(err)
		return page.Step == login.ActivationDone
	})
	before := len(b.SMS.To(phone, kiosktest.CodeMessage))
	own := login.NewToken()
	if page, _, err := e.OwnDo(b.ctx, own, kiosk.Portuguese, login.SignIn{Identifier: phone, PIN: []byte(goodPIN)}, nil); err != nil || page.Step != login.StepCode {
		t.Fatalf("behind the PIN: %+v, %v", page, err)
	}
	entered := login.EnterCode{Code: []byte(b.SMS.NextCode(b.ctx, t, phone, before))}
	if page, session, err := e.OwnDo(b.ctx, own, kiosk.Portuguese, entered, nil); err != nil || page.Step != login.StepDone || session == "" {
		t.Errorf("behind the code: %+v, %v", page, err)
	}
}
